import { SpanStoreError, type TraceQuery } from "@spanstore/core";
import { filterOf, filterParameters } from "../search/filter.js";
import { pageOf, pageParameters } from "../search/paging.js";
import { durationOf, instantOf, integerOf, invalid, type Parameters, textMapOf } from "../wire/parameters.js";
import { type AliasedName, spellingIn, spellingsOf, textIn } from "./aliases.js";

const searchNames = [
  "query.serviceName",
  "query.operationName",
  "query.attributes",
  "query.startTimeMin",
  "query.startTimeMax",
  "query.durationMin",
  "query.durationMax",
  "query.searchDepth",
  "query.rawTraces",
] as const satisfies readonly AliasedName[];

export const searchParameters = { ...spellingsOf(searchNames), ...pageParameters, ...filterParameters };

const defaultSearchDepth = 100;

/** Reads the query of `/api/v3/traces`. @throws INVALID_QUERY naming the parameter. */
export function searchOf(parameters: Parameters): TraceQuery {
  const filter = filterOf(parameters);
  const service = textIn(parameters, "query.serviceName");
  const operation = textIn(parameters, "query.operationName");
  const attributes = textIn(parameters, "query.attributes");
  const minDurationNano = durationOf(parameters, spellingIn(parameters, "query.durationMin"));
  const maxDurationNano = durationOf(parameters, spellingIn(parameters, "query.durationMax"));
  return {
    ...timeRangeOf(parameters),
    ...amountOf(parameters),
    ...(filter === undefined ? {} : { filter }),
    ...(service === undefined ? {} : { service }),
    ...(operation === undefined ? {} : { operation }),
    ...(attributes === undefined ? {} : { attributes: textMapOf("query.attributes", attributes) }),
    ...(minDurationNano === undefined ? {} : { minDurationNano }),
    ...(maxDurationNano === undefined ? {} : { maxDurationNano }),
  };
}

function timeRangeOf(
  parameters: Parameters,
): Pick<TraceQuery, "startTimeMinUnixNano" | "startTimeMaxUnixNano"> {
  const min = instantOf(parameters, spellingIn(parameters, "query.startTimeMin"));
  const max = instantOf(parameters, spellingIn(parameters, "query.startTimeMax"));
  if (min === undefined || max === undefined) {
    throw new SpanStoreError("INVALID_QUERY", "query.startTimeMin and query.startTimeMax are required", {
      field: min === undefined ? "query.startTimeMin" : "query.startTimeMax",
    });
  }
  if (min >= max) throw invalid("query.startTimeMin", "must be before 'query.startTimeMax'");
  return { startTimeMinUnixNano: min, startTimeMaxUnixNano: max };
}

function amountOf(parameters: Parameters): Pick<TraceQuery, "limit" | "page"> {
  const page = pageOf(parameters);
  const limit = integerOf(parameters, spellingIn(parameters, "query.searchDepth"));
  if (page === undefined) return { limit: limit ?? defaultSearchDepth };
  if (limit !== undefined) throw invalid("query.searchDepth", "and 'pageSize' exclude each other");
  return { page };
}
