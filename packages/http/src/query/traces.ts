import type { TraceChunk } from "@spanstore/core";
import { createJaegerDocument } from "@spanstore/jaeger";
import { shownTraces } from "../search/read-traces.js";
import { traceIdOf } from "../search/trace-id.js";
import { caching, ifChanged, traceOf } from "../search/whole-trace.js";
import type { Answer } from "../wire/answer.js";
import type { Call, Route } from "../wire/call.js";
import { notFound } from "../wire/errors.js";
import { booleanOf, timeOf } from "../wire/parameters.js";
import { prettyParameter, streamed } from "./answers.js";
import { searchOf, searchParameters } from "./trace-query.js";

const route = { method: "GET", need: "read", form: "jaeger" } as const;

/** Traces in the JSON of Jaeger's UI. */
export const traceRoutes: readonly Route[] = [
  {
    ...route,
    url: "/api/traces",
    parameters: { ...searchParameters, ...prettyParameter, raw: "once", traceID: "often" },
    answer: (call) => (call.parameters.texts("traceID").length > 0 ? tracesOfIds(call) : search(call)),
  },
  {
    ...route,
    url: "/api/traces/:traceID",
    parameters: { ...prettyParameter, raw: "once", start: "once", end: "once" },
    answer: trace,
  },
];

const micro = 1000n;

function search(call: Call): Answer {
  const { parameters, settings, store, signal } = call;
  const raw = booleanOf(parameters, "raw");
  const query = searchOf(parameters, settings.now());
  const chunks = shownTraces(call, store.findTraces(query, { signal }), { raw });
  return streamed(call, documentOf(chunks, raw));
}

/** The traces of several ids, and an error for each id without a trace. */
function tracesOfIds(call: Call): Answer {
  const { parameters } = call;
  const raw = booleanOf(parameters, "raw");
  checkTimes(call);
  const ids = parameters.texts("traceID").map((text) => traceIdOf(text, "traceID"));
  const errors: object[] = [];
  const chunks = async function* (): AsyncGenerator<TraceChunk, void, undefined> {
    for (const id of new Set(ids)) {
      const found = await traceOf(call, id, raw);
      if (found !== undefined) yield* found.chunks();
      else errors.push({ msg: "trace not found", traceID: shortId(id) });
    }
  };
  return streamed(
    call,
    documentOf(chunks(), raw, () => (errors.length === 0 ? undefined : errors)),
  );
}

async function trace(call: Call): Promise<Answer> {
  const { parameters } = call;
  const id = traceIdOf(call.part("traceID"), "traceID");
  checkTimes(call);
  const raw = booleanOf(parameters, "raw");
  const found = await traceOf(call, id, raw);
  if (found === undefined) throw notFound("trace not found");
  const pretty = parameters.text("prettyPrint") ?? "";
  const etag = `"${found.hash}-${raw ? "r" : "a"}${call.settings.maxClockSkewMs}${pretty === "" ? "" : "p"}"`;
  return ifChanged(call, caching(etag), () => streamed(call, documentOf(found.chunks(), raw)));
}

/** Jaeger's `start` and `end` help stores to find a trace by id. Ours need no help: they are checked and not used. */
function checkTimes({ parameters }: Call): void {
  timeOf(parameters, "start", micro);
  timeOf(parameters, "end", micro);
}

/** Jaeger leaves out the upper half of an id when it is zero. */
function shortId(traceId: string): string {
  return traceId.startsWith("0000000000000000") ? traceId.slice(16) : traceId;
}

export async function* documentOf(
  chunks: AsyncIterable<TraceChunk>,
  raw: boolean,
  errors: () => readonly object[] | undefined = () => undefined,
): AsyncGenerator<string, void, undefined> {
  const document = createJaegerDocument({ sorted: !raw });
  let nextPageToken: string | undefined;
  for await (const chunk of chunks) {
    yield* document.spans(chunk.traceId, chunk.encoded);
    nextPageToken = chunk.nextPageToken;
  }
  yield document.end(errors(), nextPageToken === undefined ? {} : { nextPageToken });
}
