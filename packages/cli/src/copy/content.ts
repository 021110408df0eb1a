import { hash } from "node:crypto";
import { Cursor, parseGroups, type SpanGroup } from "@spanstore/core/otlp";

const traceIdTag = 0x0a;
const spanIdTag = 0x12;
const startTimeTag = 0x39;
const contentLength = 16;

/** A span of an encoded TracesData. */
export interface PlacedSpan {
  readonly group: SpanGroup;
  /** Where it lies in the group's bytes. */
  readonly start: number;
  readonly end: number;
  /** Hexadecimal. */
  readonly traceId: string;
  readonly spanId: string;
  readonly startTimeUnixNano: bigint;
  /** 128 bits of hash over the span, its resource and its scope, as a string of bytes: equal for copies of a span. */
  readonly content: string;
}

/** The spans of an encoded TracesData, in the order of the bytes. */
export function* placedSpans(encoded: Uint8Array): Generator<PlacedSpan, void, undefined> {
  const buffer = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  for (const group of parseGroups(encoded)) {
    const surroundings = surroundingsOf(group);
    for (let i = 0; i < group.spans.length; i += 2) {
      const start = group.spans[i] as number;
      const end = group.spans[i + 1] as number;
      yield {
        group,
        start,
        end,
        ...headOf(buffer, start, end),
        content: contentOf(surroundings, buffer, start, end),
      };
    }
  }
}

/** Of a field that is there several times the last counts, as in protobuf. */
function headOf(
  bytes: Buffer,
  start: number,
  end: number,
): Pick<PlacedSpan, "traceId" | "spanId" | "startTimeUnixNano"> {
  let traceId = "";
  let spanId = "";
  let startTimeUnixNano = 0n;
  const cursor = new Cursor(bytes, start, end);
  while (cursor.pos < end) {
    const tag = cursor.tag();
    if (tag === traceIdTag || tag === spanIdTag) {
      const idEnd = cursor.lengthEnd();
      const id = bytes.toString("hex", cursor.pos, idEnd);
      if (tag === traceIdTag) traceId = id;
      else spanId = id;
      cursor.pos = idEnd;
    } else if (tag === startTimeTag) {
      startTimeUnixNano = cursor.fixed64();
    } else {
      cursor.skip(tag);
    }
  }
  return { traceId, spanId, startTimeUnixNano };
}

/** What surrounds the spans of a group, each part behind its length, so that no two groups have the same. */
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
