import { hash } from "node:crypto";
import { isSpanStoreError } from "@spanstore/core";
import { parseGroups, type SpanGroup, serviceNameOf } from "@spanstore/core/otlp";
import { readSpanHead } from "../../transfer/span-head.js";

const keyLength = 16;

/** A span of an encoded TracesData, with its identity for duplicates. */
export interface KnownSpan {
  readonly group: SpanGroup;
  /** Its offset in the group's bytes. */
  readonly start: number;
  readonly end: number;
  /** Hexadecimal; empty for a malformed span. */
  readonly traceId: string;
  /** A 128-bit hash over its id, its start to the microsecond, its name and its service. */
  readonly key: string;
  /** The nanoseconds of its start beyond whole microseconds. */
  readonly nanos: number;
}

/** The spans of an encoded TracesData, in byte order. A malformed span has no trace id, so it is never a duplicate. */
export function* knownSpans(encoded: Uint8Array): Generator<KnownSpan, void, undefined> {
  const buffer = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  let resource: SpanGroup["resource"] | undefined;
  let service: string | undefined;
  for (const group of parseGroups(encoded)) {
    if (group.resource !== resource) {
      resource = group.resource;
      service = unlessMalformed(() => serviceNameOf(group.resource.encoded));
    }
    for (let i = 0; i < group.spans.length; i += 2) {
      const start = group.spans[i] as number;
      const end = group.spans[i + 1] as number;
      const head = unlessMalformed(() => readSpanHead(buffer, start, end));
      if (head === undefined || service === undefined) {
        yield { group, start, end, traceId: "", key: "", nanos: 0 };
        continue;
      }
      const { traceId, spanId, name, startTimeUnixNano } = head;
      const text = `${spanId} ${startTimeUnixNano / 1000n} ${name.length} ${name} ${service}`;
      const key = hash("sha256", text, "binary").slice(0, keyLength);
      yield { group, start, end, traceId, key, nanos: Number(startTimeUnixNano % 1000n) };
    }
  }
}

function unlessMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isSpanStoreError(error)) return undefined;
    throw error;
  }
}
