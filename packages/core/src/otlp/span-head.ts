import { Cursor, expectWireType, readUint32, wireBytes, wireFixed64, wireVarint } from "./wire.js";

/**
 * The ranges of a span's fields, found in one pass that decodes no text. Ranges are [At, End); an absent field is an empty range
 * at 0. Writes reuse one head for all spans, so copy values that must outlive the next `scan`.
 */
export class SpanHead {
  bytes: Uint8Array = noBytes;
  /** Range of the Span message. */
  start = 0;
  end = 0;

  traceIdAt = 0;
  traceIdEnd = 0;
  spanIdAt = 0;
  spanIdEnd = 0;
  parentAt = 0;
  parentEnd = 0;
  traceStateAt = 0;
  traceStateEnd = 0;
  nameAt = 0;
  nameEnd = 0;
  messageAt = 0;
  messageEnd = 0;
  /** OTLP's enum numbers. */
  kind = 0;
  statusCode = 0;
  /** Position of the eight bytes of a time, or -1 when the span lacks it. */
  startTimeAt = -1;
  endTimeAt = -1;
  /** Ranges of the KeyValue, Event and Link messages, in pairs. */
  readonly attributes: number[] = [];
  readonly events: number[] = [];
  readonly links: number[] = [];

  scan(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.traceIdAt = this.traceIdEnd = this.spanIdAt = this.spanIdEnd = 0;
    this.parentAt = this.parentEnd = this.traceStateAt = this.traceStateEnd = 0;
    this.nameAt = this.nameEnd = this.messageAt = this.messageEnd = 0;
    this.kind = this.statusCode = 0;
    this.startTimeAt = this.endTimeAt = -1;
    this.attributes.length = this.events.length = this.links.length = 0;
    const cursor = new Cursor(bytes, start, end);
    while (cursor.pos < end) this.#field(cursor, cursor.tag());
  }

  /** A copy, which outlives the next `scan`. */
  copy(): SpanHead {
    const copy = new SpanHead();
    copy.scan(this.bytes, this.start, this.end);
    return copy;
  }

  #field(cursor: Cursor, tag: number): void {
    switch (tag >>> 3) {
      case 1:
        this.traceIdEnd = passBytes(cursor, tag, "Span.trace_id");
        this.traceIdAt = fieldStart;
        break;
      case 2:
        this.spanIdEnd = passBytes(cursor, tag, "Span.span_id");
        this.spanIdAt = fieldStart;
        break;
      case 3:
        this.traceStateEnd = passBytes(cursor, tag, "Span.trace_state");
        this.traceStateAt = fieldStart;
        break;
      case 4:
        this.parentEnd = passBytes(cursor, tag, "Span.parent_span_id");
        this.parentAt = fieldStart;
        break;
      case 5:
        this.nameEnd = passBytes(cursor, tag, "Span.name");
        this.nameAt = fieldStart;
        break;
      case 6:
        expectWireType(tag, wireVarint, "Span.kind");
        this.kind = cursor.varint32() | 0;
        break;
      case 7:
        this.startTimeAt = passTime(cursor, tag, "Span.start_time_unix_nano");
        break;
      case 8:
        this.endTimeAt = passTime(cursor, tag, "Span.end_time_unix_nano");
        break;
      case 9:
        passMessage(cursor, tag, "Span.attributes", this.attributes);
        break;
      case 11:
        passMessage(cursor, tag, "Span.events", this.events);
        break;
      case 13:
        passMessage(cursor, tag, "Span.links", this.links);
        break;
      case 15:
        this.#status(cursor, tag);
        break;
      default:
        cursor.skip(tag);
    }
  }

  #status(cursor: Cursor, statusTag: number): void {
    const end = passBytes(cursor, statusTag, "Span.status");
    const status = new Cursor(this.bytes, fieldStart, end);
    while (status.pos < end) {
      const tag = status.tag();
      if (tag >>> 3 === 2) {
        this.messageEnd = passBytes(status, tag, "Status.message");
        this.messageAt = fieldStart;
      } else if (tag >>> 3 === 3) {
        expectWireType(tag, wireVarint, "Status.code");
        this.statusCode = status.varint32() | 0;
      } else {
        status.skip(tag);
      }
    }
  }
}

const noBytes = new Uint8Array(0);

/** Start of the last field that `passBytes` passed. Returning a pair would allocate an object. */
let fieldStart = 0;

function passBytes(cursor: Cursor, tag: number, field: string): number {
  expectWireType(tag, wireBytes, field);
  const end = cursor.lengthEnd();
  fieldStart = cursor.pos;
  cursor.pos = end;
  return end;
}

function passMessage(cursor: Cursor, tag: number, field: string, ranges: number[]): void {
  const end = passBytes(cursor, tag, field);
  ranges.push(fieldStart, end);
}

function passTime(cursor: Cursor, tag: number, field: string): number {
  expectWireType(tag, wireFixed64, field);
  const at = cursor.pos;
  cursor.skip(tag);
  return at;
}

/** The time at a position of a head; 0 at -1. */
export function timeOf(bytes: Uint8Array, at: number): bigint {
  return at < 0 ? 0n : (BigInt(readUint32(bytes, at + 4)) << 32n) | BigInt(readUint32(bytes, at));
}
