import type { SpanOrder, SpanQuery, TraceQuery } from "@spanstore/core";
import { otlpDocument } from "../query-v3/otlp-document.js";
import { tracesFound } from "../query-v3/routes.js";
import { booleanIn, integerIn, questionBody, questionOf, wrong } from "../search/question.js";
import type { Answer } from "../wire/answer.js";
import type { Call, Route } from "../wire/call.js";

const route = { method: "POST", need: "read", form: "gateway", parameters: {} } as const;

/** Searches by the structured filter, which Jaeger's API cannot express. */
export const searchRoutes: readonly Route[] = [
  { ...route, url: "/api/v3/search", answer: searchTraces },
  { ...route, url: "/api/v3/spans", answer: searchSpans },
];

async function searchTraces(call: Call): Promise<Answer> {
  const fields = await questionBody(call, ["limit", "rawTraces"]);
  const limit = integerIn(fields, "limit");
  const query: TraceQuery = { ...questionOf(fields), ...(limit === undefined ? {} : { limit }) };
  return tracesFound(call, query, booleanIn(fields, "rawTraces"));
}

async function searchSpans(call: Call): Promise<Answer> {
  const fields = await questionBody(call, ["orderBy"]);
  const orderBy = orderOf(fields.orderBy);
  const query: SpanQuery = { ...questionOf(fields), ...(orderBy === undefined ? {} : { orderBy }) };
  return { body: otlpDocument(call.store.findSpans(query, { signal: call.signal }), false) };
}

/** Checks the shape only; the store refuses unknown fields and directions. */
function orderOf(value: unknown): readonly SpanOrder[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw wrong("orderBy", "is no list");
  for (const [i, item] of value.entries()) {
    if (typeof item !== "object" || item === null) throw wrong(`orderBy[${i}]`, "is no object");
    for (const name of Object.keys(item)) {
      if (name !== "field" && name !== "direction") throw wrong(`orderBy[${i}].${name}`, "is not known");
    }
  }
  return value as readonly SpanOrder[];
}
