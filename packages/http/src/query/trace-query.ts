import { SpanStoreError, type TraceQuery } from "@spanstore/core";
import { filterOf, filterParameters } from "../search/filter.js";
import { pageOf, pageParameters } from "../search/paging.js";
import {
  durationOf,
  integerOf,
  invalid,
  type ParameterNames,
  type Parameters,
  textMapOf,
  timeOf,
} from "../wire/parameters.js";
import { serviceIsRequired } from "./names.js";

export const searchParameters = {
  ...pageParameters,
  ...filterParameters,
  service: "once",
  operation: "once",
  tag: "often",
  tags: "often",
  start: "once",
  end: "once",
  lookback: "once",
  limit: "once",
  minDuration: "once",
  maxDuration: "once",
} as const satisfies ParameterNames;

const micro = 1000n;
const milli = 1_000_000n;
const defaultLookback = 48n * 3_600_000_000_000n;
const defaultLimit = 100;

/** Reads the query of `/api/traces`. @throws INVALID_QUERY naming the parameter. */
export function searchOf(parameters: Parameters, nowMillis: number): TraceQuery {
  const filter = filterOf(parameters);
  const service = parameters.text("service");
  if (service === undefined && filter === undefined) throw serviceIsRequired();
  const operation = parameters.text("operation");
  const minDurationNano = durationOf(parameters, "minDuration");
  const maxDurationNano = durationOf(parameters, "maxDuration");
  if (minDurationNano && maxDurationNano && maxDurationNano < minDurationNano) {
    throw new SpanStoreError("INVALID_QUERY", "'maxDuration' should be greater than 'minDuration'", {
      field: "maxDuration",
    });
  }
  const attributes = tagsOf(parameters);
  return {
    ...timeRangeOf(parameters, nowMillis),
    ...amountOf(parameters),
    ...(filter === undefined ? {} : { filter }),
    ...(service === undefined ? {} : { service }),
    ...(operation === undefined ? {} : { operation }),
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
    ...(minDurationNano === undefined ? {} : { minDurationNano }),
    ...(maxDurationNano === undefined ? {} : { maxDurationNano }),
  };
}

/** Without a start the range is `lookback` long, by default two days. */
function timeRangeOf(
  parameters: Parameters,
  nowMillis: number,
): Pick<TraceQuery, "startTimeMinUnixNano" | "startTimeMaxUnixNano"> {
  const end = timeOf(parameters, "end", micro) ?? BigInt(nowMillis) * milli;
  const lookback = lookbackOf(parameters) ?? defaultLookback;
  const start = timeOf(parameters, "start", micro) ?? (end > lookback ? end - lookback : 0n);
  if (end !== 0n && start > end) throw invalid("start", "is after 'end'");
  return {
    startTimeMinUnixNano: start,
    // Jaeger sends 0 for an unset time.
    ...(end === 0n ? {} : { startTimeMaxUnixNano: end }),
  };
}

/** Jaeger's UI sends `custom` beside start and end, and also days, such as `2d`. */
function lookbackOf(parameters: Parameters): bigint | undefined {
  const text = parameters.text("lookback");
  if (text === undefined || text === "custom") return undefined;
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  if (days !== undefined) return BigInt(days) * 86_400_000_000_000n;
  return durationOf(parameters, "lookback");
}

function amountOf(parameters: Parameters): Pick<TraceQuery, "limit" | "page"> {
  const page = pageOf(parameters);
  const limit = integerOf(parameters, "limit");
  if (page === undefined) return { limit: limit ?? defaultLimit };
  if (limit !== undefined) throw invalid("limit", "and 'pageSize' exclude each other");
  return { page };
}

function tagsOf(parameters: Parameters): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const tag of parameters.texts("tag")) {
    const colon = tag.indexOf(":");
    if (colon < 0) {
      throw new SpanStoreError(
        "INVALID_QUERY",
        `malformed 'tag' parameter, expecting key:value, received: ${tag.slice(0, 100)}`,
        { field: "tag" },
      );
    }
    tags[tag.slice(0, colon)] = tag.slice(colon + 1);
  }
  for (const text of parameters.texts("tags")) Object.assign(tags, textMapOf("tags", text));
  return tags;
}
