import { SpanStoreError } from "@spanstore/core";
import { encodeTraces, partsOfJson, type ResourceSpans } from "@spanstore/core/otlp";
import { parseExactly } from "@spanstore/jaeger";

/** Spans of a request in OTLP/JSON. */
export interface TracesOfJson {
  /** The readable spans as an encoded ExportTraceServiceRequest. */
  readonly encoded: Uint8Array;
  /** The number of unreadable spans. */
  readonly unread: number;
  /** The problem of the first unreadable span. */
  readonly problem: string | undefined;
}

/** @throws INVALID_TRACES when the text as a whole is not OTLP/JSON. */
export function tracesOfJson(text: string): TracesOfJson {
  const json = parseExactly(text);
  const list = listOf(json);
  const resourceSpans: ResourceSpans[] = [];
  let unread = 0;
  let problem: string | undefined;
  for (const [i, item] of list.entries()) {
    const options = { path: `resourceSpans[${i}]`, together: Number.POSITIVE_INFINITY };
    for (const part of partsOfJson(item, options)) {
      if ("resourceSpans" in part) {
        resourceSpans.push(part.resourceSpans);
      } else {
        unread += part.spans;
        problem ??= part.error.message;
      }
    }
  }
  return { encoded: encodeTraces({ resourceSpans }), unread, problem };
}

function listOf(json: unknown): readonly unknown[] {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw refused("the body is no object");
  const { resourceSpans, resource_spans: other } = json as Record<string, unknown>;
  const list = resourceSpans ?? other ?? [];
  if (!Array.isArray(list)) throw refused("resourceSpans is no list");
  return list;
}

function refused(problem: string): SpanStoreError {
  return new SpanStoreError("INVALID_TRACES", problem, { field: "resourceSpans" });
}
