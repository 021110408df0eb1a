import { SpanStoreError, type TraceChunk } from "@spanstore/core";
import { splitByTrace } from "@spanstore/core/engine";
import { tracesOfJson } from "../otlp/traces-of-json.js";
import type { Answer } from "../wire/answer.js";
import type { Call, Route } from "../wire/call.js";
import { prettyParameter, streamed } from "./answers.js";
import { documentOf } from "./traces.js";

/** Translates OTLP/JSON to the JSON of Jaeger's UI, which opens files this way. It stores nothing. */
export const transformRoute: Route = {
  method: "POST",
  url: "/api/transform",
  need: "read",
  form: "jaeger",
  parameters: prettyParameter,
  answer: transform,
};

async function transform(call: Call): Promise<Answer> {
  const body = await call.body(call.settings.maxBodyBytes);
  const { encoded, problem } = tracesOfJson(body.toString());
  if (problem !== undefined) {
    throw new SpanStoreError("INVALID_TRACES", `cannot unmarshal OTLP : ${problem}`);
  }
  const { fragments, rejected } = splitByTrace(encoded);
  if (rejected[0] !== undefined) throw new SpanStoreError("INVALID_TRACES", rejected[0].reason);
  const byTrace = new Map<string, Uint8Array[]>();
  for (const { traceId, encoded: spans } of fragments) {
    const hex = Buffer.from(traceId).toString("hex");
    byTrace.set(hex, [...(byTrace.get(hex) ?? []), spans]);
  }
  const chunks = async function* (): AsyncGenerator<TraceChunk, void, undefined> {
    for (const [traceId, parts] of byTrace) yield { traceId, encoded: Buffer.concat(parts) };
  };
  return streamed(call, documentOf(chunks(), true));
}
