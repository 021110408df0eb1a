import { hash } from "node:crypto";
import { parseGroups, type SpanGroup } from "@spanstore/core/otlp";
import { readSpanHead } from "../transfer/span-head.js";

const contentLength = 16;

/** A span of an encoded TracesData. */
export interface PlacedSpan {
  readonly group: SpanGroup;
  /** Its offset in the group's bytes. */
  readonly start: number;
  readonly end: number;
  /** Hexadecimal. */
  readonly traceId: string;
  readonly spanId: string;
  readonly startTimeUnixNano: bigint;
  /** A 128-bit hash over the span, its resource and its scope, a character for each byte: equal for copies of a span. */
  readonly content: string;
}

/** The spans of an encoded TracesData, in byte order. */
export function* placedSpans(encoded: Uint8Array): Generator<PlacedSpan, void, undefined> {
  const buffer = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  for (const group of parseGroups(encoded)) {
    const surroundings = surroundingsOf(group);
    for (let i = 0; i < group.spans.length; i += 2) {
      const start = group.spans[i] as number;
      const end = group.spans[i + 1] as number;
      const { traceId, spanId, startTimeUnixNano } = readSpanHead(buffer, start, end);
      yield {
        group,
        start,
        end,
        traceId,
        spanId,
        startTimeUnixNano,
        content: contentOf(surroundings, buffer, start, end),
      };
    }
  }
}

/** The resource and scope of a group as bytes. Lengths before the parts keep different groups apart. */
function surroundingsOf({ bytes, resource, scope }: SpanGroup): Buffer {
  const parts: Uint8Array[] = [];
  for (const { raw } of [resource, scope]) {
    const length = Buffer.alloc(4);
    parts.push(length);
    for (let i = 0; i < raw.length; i += 2) {
      parts.push(bytes.subarray(raw[i], raw[i + 1]));
      length.writeUInt32LE(length.readUInt32LE() + (raw[i + 1] as number) - (raw[i] as number));
    }
  }
  return Buffer.concat(parts);
}

let scratch = Buffer.alloc(64 * 1024);

function contentOf(surroundings: Buffer, bytes: Buffer, start: number, end: number): string {
  const size = surroundings.length + end - start;
  if (size > scratch.length) scratch = Buffer.alloc(size * 2);
  scratch.set(surroundings);
  bytes.copy(scratch, surroundings.length, start, end);
  return hash("sha256", scratch.subarray(0, size), "binary").slice(0, contentLength);
}
