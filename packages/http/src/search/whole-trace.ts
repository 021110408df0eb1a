import type { Answer } from "../wire/answer.js";
import type { Call } from "../wire/call.js";
import { type TraceReading, type WholeTrace, wholeTrace } from "./read-traces.js";

/** A trace may still grow: who keeps it asks whether it has. */
export function caching(etag: string): Record<string, string> {
  return { etag, "cache-control": "private, no-cache" };
}

/** @returns that nothing changed, when the client has what would be answered. */
export function ifChanged(call: Call, etag: string, answer: () => Answer): Answer {
  const known = (call.header("if-none-match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  if (!known.includes(etag) && !known.includes("*")) return answer();
  return { status: 304, headers: caching(etag), body: "" };
}

/** From the store, else from the archive. */
export async function traceOf(
  call: TraceReading,
  traceId: string,
  raw: boolean,
): Promise<WholeTrace | undefined> {
  const found = await wholeTrace(call, call.store, traceId, { raw });
  if (found !== undefined || call.archive === undefined) return found;
  return wholeTrace(call, await call.archive(), traceId, { raw });
}
