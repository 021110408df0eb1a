import { Cursor } from "@spanstore/core/otlp";
import { readAttribute } from "../to-jaeger/read-attribute.js";
import { keptTag } from "./kept.js";
import { eventKey, rangeEquals, refTypeKey } from "./keys.js";
import { Pairs, stringType } from "./pairs.js";
import { Ranges, trim } from "./ranges.js";
import { malformed } from "./refuse.js";
import { childOf, followsFrom, Logs, References } from "./span-parts.js";
import { Int64 } from "./times.js";

const childOfWord = Uint8Array.from(Buffer.from("child_of"));

/** The events of a span; `from` and `to` are rows of its pairs. */
class Events extends Logs {
  readonly nameStart: number[] = [];
  readonly nameEnd: number[] = [];
  /** Whether an attribute has the key `event`, under which Jaeger keeps the event's name. */
  readonly hasEventKey: boolean[] = [];

  override clear(): void {
    super.clear();
    trim(this.nameStart, this.nameEnd, this.hasEventKey);
  }
}

/**
 * Parses one OTLP Span in one pass, without decoding text. Ranges are [start, end); an absent field is an empty range. Reused
 * from span to span.
 */
export class OtlpSpan {
  bytes: Uint8Array = new Uint8Array(0);
  traceIdStart = 0;
  traceIdEnd = 0;
  spanIdStart = 0;
  spanIdEnd = 0;
  parentStart = 0;
  parentEnd = 0;
  traceStateStart = 0;
  traceStateEnd = 0;
  nameStart = 0;
  nameEnd = 0;
  kind = 0;
  readonly start = new Int64();
  readonly end = new Int64();
  statusCode = 0;
  messageStart = 0;
  messageEnd = 0;
  /** Rows: the span's attributes, then those of its events. */
  readonly pairs = new Pairs();
  attributesEnd = 0;
  readonly events = new Events();
  readonly links = new References();
  /** The range of our own field; see kept.ts. */
  keptStart = 0;
  keptEnd = 0;

  readonly #events = new Ranges();
  readonly #links = new Ranges();
  readonly #linkPairs = new Pairs();

  /** @throws INVALID_TRACES, without a field, when the bytes between `start` and `end` are no Span. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.traceIdStart = this.traceIdEnd = this.spanIdStart = this.spanIdEnd = 0;
    this.parentStart = this.parentEnd = this.traceStateStart = this.traceStateEnd = 0;
    this.nameStart = this.nameEnd = this.messageStart = this.messageEnd = 0;
    this.kind = this.statusCode = this.keptStart = this.keptEnd = 0;
    this.start.set(0, 0);
    this.end.set(0, 0);
    this.pairs.reset(bytes);
    this.events.clear();
    this.links.clear();
    this.#events.clear();
    this.#links.clear();
    const cursor = new Cursor(bytes, start, end);
    while (cursor.pos < end) this.#readField(cursor);
    this.attributesEnd = this.pairs.length;
    for (let i = 0; i < this.#events.length; i++) {
      cursor.pos = this.#events.start[i] as number;
      cursor.end = this.#events.end[i] as number;
      this.#readEvent(cursor);
    }
    for (let i = 0; i < this.#links.length; i++) {
      cursor.pos = this.#links.start[i] as number;
      cursor.end = this.#links.end[i] as number;
      this.#readLink(cursor);
    }
  }

  /** A tag is the field's number times eight plus its wire type. */
  #readField(cursor: Cursor): void {
    const tag = cursor.tag();
    const end = (tag & 7) === 2 ? cursor.lengthEnd() : 0;
    const at = cursor.pos;
    switch (tag) {
      case 0x0a:
        checkId(end - at, 16);
        this.traceIdStart = at;
        this.traceIdEnd = end;
        break;
      case 0x12:
        checkId(end - at, 8);
        this.spanIdStart = at;
        this.spanIdEnd = end;
        break;
      case 0x1a:
        this.traceStateStart = at;
        this.traceStateEnd = end;
        break;
      case 0x22:
        checkId(end - at, 8);
        this.parentStart = at;
        this.parentEnd = end;
        break;
      case 0x2a:
        this.nameStart = at;
        this.nameEnd = end;
        break;
      case 0x30:
        this.kind = cursor.varint32() | 0;
        return;
      case 0x39:
        readTime(cursor, this.start);
        return;
      case 0x41:
        readTime(cursor, this.end);
        return;
      case 0x4a:
        readAttribute(this.pairs, cursor, end);
        break;
      case 0x5a:
        this.#events.add(at, end);
        break;
      case 0x6a:
        this.#links.add(at, end);
        break;
      case 0x7a:
        this.#readStatus(new Cursor(cursor.bytes, at, end));
        break;
      case keptTag:
        this.keptStart = at;
        this.keptEnd = end;
        break;
      default:
        if (tag >>> 3 <= 15 && !isNumber(tag)) malformed("a field of the span has a wrong wire type");
        if (end === 0) {
          cursor.skip(tag);
          return;
        }
    }
    cursor.pos = end;
  }

  #readStatus(cursor: Cursor): void {
    while (cursor.pos < cursor.end) {
      const tag = cursor.tag();
      if (tag === 0x12) {
        this.messageEnd = cursor.lengthEnd();
        this.messageStart = cursor.pos;
        cursor.pos = this.messageEnd;
      } else if (tag === 0x18) {
        this.statusCode = cursor.varint32() | 0;
      } else {
        cursor.skip(tag);
      }
    }
  }

  #readEvent(cursor: Cursor): void {
    const { events, pairs } = this;
    const row = events.length++;
    const from = pairs.length;
    time.set(0, 0);
    events.nameStart[row] = events.nameEnd[row] = 0;
    while (cursor.pos < cursor.end) {
      const tag = cursor.tag();
      if (tag === 0x09) {
        readTime(cursor, time);
      } else if (tag === 0x12) {
        const end = cursor.lengthEnd();
        events.nameStart[row] = cursor.pos;
        events.nameEnd[row] = end;
        cursor.pos = end;
      } else if (tag === 0x1a) {
        readAttribute(pairs, cursor, cursor.lengthEnd());
      } else {
        cursor.skip(tag);
      }
    }
    events.timeHigh[row] = time.high;
    events.timeLow[row] = time.low;
    events.from[row] = from;
    events.to[row] = pairs.length;
    let hasEventKey = false;
    for (let i = from; i < pairs.length; i++) if (pairs.key[i] === eventKey) hasEventKey = true;
    events.hasEventKey[row] = hasEventKey;
  }

  #readLink(cursor: Cursor): void {
    const { links } = this;
    const pairs = this.#linkPairs;
    const row = links.length++;
    pairs.reset(cursor.bytes);
    links.traceStart[row] = links.traceEnd[row] = links.spanStart[row] = links.spanEnd[row] = 0;
    while (cursor.pos < cursor.end) {
      const tag = cursor.tag();
      if (tag === 0x0a || tag === 0x12) {
        const end = cursor.lengthEnd();
        const isTrace = tag === 0x0a;
        checkId(end - cursor.pos, isTrace ? 16 : 8);
        (isTrace ? links.traceStart : links.spanStart)[row] = cursor.pos;
        (isTrace ? links.traceEnd : links.spanEnd)[row] = end;
        cursor.pos = end;
      } else if (tag === 0x22) {
        readAttribute(pairs, cursor, cursor.lengthEnd());
      } else {
        cursor.skip(tag);
      }
    }
    links.type[row] = refTypeOf(pairs);
  }
}

const time = new Int64();

/** Jaeger reads a link as CHILD_OF only when `opentracing.ref_type` says so, else as FOLLOWS_FROM. */
function refTypeOf(pairs: Pairs): number {
  for (let row = 0; row < pairs.length; row++) {
    if (pairs.key[row] !== refTypeKey) continue;
    const isChild =
      pairs.type[row] === stringType &&
      rangeEquals(pairs.bytes, pairs.valueStart[row] as number, pairs.valueEnd[row] as number, childOfWord);
    return isChild ? childOf : followsFrom;
  }
  return followsFrom;
}

/** Whether the tag is of a dropped count, which Jaeger's model has no field for. */
function isNumber(tag: number): boolean {
  return tag === 0x50 || tag === 0x60 || tag === 0x70;
}

function readTime(cursor: Cursor, into: Int64): void {
  const low = cursor.fixed32();
  into.set(cursor.fixed32(), low);
}

function checkId(length: number, size: number): void {
  if (length !== 0 && length !== size) malformed(`an id has ${length} bytes instead of ${size}`);
}
