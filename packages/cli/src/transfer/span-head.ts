import { Cursor } from "@spanstore/core/otlp";

const traceIdTag = 0x0a;
const spanIdTag = 0x12;
const nameTag = 0x2a;
const startTimeTag = 0x39;

/** Identifies a span. */
export interface SpanHead {
  /** Hexadecimal. */
  readonly traceId: string;
  readonly spanId: string;
  /** One character for each byte. */
  readonly name: string;
  readonly startTimeUnixNano: bigint;
}

/** Reads an encoded span between two offsets. The last one of a repeated field counts, as in protobuf. */
export function readSpanHead(bytes: Buffer, start: number, end: number): SpanHead {
  let traceId = "";
  let spanId = "";
  let name = "";
  let startTimeUnixNano = 0n;
  const cursor = new Cursor(bytes, start, end);
  while (cursor.pos < end) {
    const tag = cursor.tag();
    if (tag === traceIdTag || tag === spanIdTag || tag === nameTag) {
      const fieldEnd = cursor.lengthEnd();
      const text = bytes.toString(tag === nameTag ? "latin1" : "hex", cursor.pos, fieldEnd);
      if (tag === traceIdTag) traceId = text;
      else if (tag === spanIdTag) spanId = text;
      else name = text;
      cursor.pos = fieldEnd;
    } else if (tag === startTimeTag) {
      startTimeUnixNano = cursor.fixed64();
    } else {
      cursor.skip(tag);
    }
  }
  return { traceId, spanId, name, startTimeUnixNano };
}
