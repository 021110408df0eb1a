import type { TraceChunk, TraceQuery, TraceSummary } from "@spanstore/core";
import { shownTraces } from "../search/read-traces.js";
import { traceIdOf } from "../search/trace-id.js";
import { caching, ifChanged, storedChunks, traceOf } from "../search/whole-trace.js";
import { type Answer, protobuf } from "../wire/answer.js";
import type { Call, Route } from "../wire/call.js";
import { notFound } from "../wire/errors.js";
import { instantOf } from "../wire/parameters.js";
import { booleanIn, spellingIn, spellingsOf, textIn } from "./aliases.js";
import { otlpDocument } from "./otlp-document.js";
import { searchOf, searchParameters } from "./trace-query.js";

const route = { method: "GET", need: "read", form: "gateway" } as const;

/** Jaeger's `/api/v3`, which speaks OTLP. */
export const v3Routes: readonly Route[] = [
  { ...route, url: "/api/v3/services", parameters: {}, answer: services },
  {
    ...route,
    url: "/api/v3/operations",
    parameters: { service: "once", ...spellingsOf(["spanKind"]) },
    answer: operations,
  },
  {
    ...route,
    url: "/api/v3/traces",
    parameters: searchParameters,
    answer: (call) =>
      tracesFound(call, searchOf(call.parameters), booleanIn(call.parameters, "query.rawTraces")),
  },
  {
    ...route,
    url: "/api/v3/traces/:traceID",
    parameters: spellingsOf(["startTime", "endTime", "rawTraces"]),
    answer: trace,
  },
  {
    ...route,
    url: "/api/v3/trace-summaries",
    parameters: searchParameters,
    answer: (call) => ({ body: summaries(call, searchOf(call.parameters)) }),
  },
];

async function services({ store, signal }: Call): Promise<Answer> {
  return { body: JSON.stringify({ services: await store.getServices({ signal }) }) };
}

async function operations({ store, signal, parameters }: Call): Promise<Answer> {
  const service = parameters.text("service") ?? "";
  const spanKind = textIn(parameters, "spanKind") ?? "";
  const found = service === "" ? [] : await store.getOperations({ service, spanKind }, { signal });
  // Jaeger has no word for spans whose kind is not set.
  const shown = found.map((one) => ({ name: one.name, spanKind: one.spanKind || "internal" }));
  return { body: JSON.stringify({ operations: shown }) };
}

/** The traces of a search as one TracesData. */
export async function tracesFound(call: Call, query: TraceQuery, raw: boolean): Promise<Answer> {
  const chunks = shownTraces(call, call.store.findTraces(query, { signal: call.signal }), { raw });
  return { body: otlpDocument(someOf(chunks), !raw) };
}

/** @throws NOT_FOUND for an empty stream. */
async function* someOf<T>(chunks: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  let isEmpty = true;
  for await (const chunk of chunks) {
    isEmpty = false;
    yield chunk;
  }
  if (isEmpty) throw notFound("No traces found");
}

async function trace(call: Call): Promise<Answer> {
  const { parameters } = call;
  const id = traceIdOf(call.part("traceID"), "trace_id");
  instantOf(parameters, spellingIn(parameters, "startTime"));
  instantOf(parameters, spellingIn(parameters, "endTime"));
  const raw = booleanIn(parameters, "rawTraces");
  const isBinary = wantsProtobuf(call);
  if (raw && keepsNothing(call)) {
    const chunks = someOf(storedChunks(call, id));
    const headers = { "cache-control": "no-store", vary: "accept" };
    return isBinary
      ? { contentType: protobuf, headers, body: encodedOf(chunks) }
      : { headers, body: otlpDocument(chunks, false) };
  }
  const found = await traceOf(call, id, raw);
  if (found === undefined) throw notFound("No traces found");
  const form = `${raw ? "r" : "a"}${isBinary ? "b" : ""}`;
  const etag = `"${found.hash}-v3${form}${call.settings.maxClockSkewMs}"`;
  return ifChanged(call, { ...caching(etag), vary: "accept" }, () =>
    isBinary
      ? { contentType: protobuf, body: encodedOf(found.chunks()) }
      : { body: otlpDocument(found.chunks(), !raw) },
  );
}

/** A client that stores nothing has no use for an ETag, which would delay the answer until the whole trace is read. */
function keepsNothing(call: Call): boolean {
  return /(^|,)\s*no-store\s*(,|$)/i.test(call.header("cache-control") ?? "");
}

function wantsProtobuf(call: Call): boolean {
  return /^application\/x-protobuf\b/i.test(call.header("accept") ?? "");
}

/** Concatenated TracesData messages are one TracesData. */
async function* encodedOf(chunks: AsyncIterable<TraceChunk>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { encoded } of chunks) yield encoded;
}

async function* summaries(call: Call, query: TraceQuery): AsyncGenerator<string, void, undefined> {
  let between = '{"summaries":[';
  let nextPageToken: string | undefined;
  for await (const chunk of call.store.findTraceSummaries(query, { signal: call.signal })) {
    nextPageToken = chunk.nextPageToken;
    for (const summary of chunk.summaries) {
      yield between + JSON.stringify(summaryJson(summary));
      between = ",";
    }
  }
  const token = nextPageToken === undefined ? "" : `,"nextPageToken":${JSON.stringify(nextPageToken)}`;
  yield `${between === "," ? "" : between}]${token}}`;
}

function summaryJson(summary: TraceSummary): object {
  return {
    ...summary,
    minStartTimeUnixNano: String(summary.minStartTimeUnixNano),
    maxEndTimeUnixNano: String(summary.maxEndTimeUnixNano),
  };
}
