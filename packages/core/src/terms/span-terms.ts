import { SpanStoreError } from "../errors/errors.js";
import { hashRanges } from "../model/hash.js";
import { textForm } from "../model/text-form.js";
import type { SpanHead } from "../otlp/span-head.js";
import { decodeAnyValue } from "../otlp/values.js";
import { Cursor, expectWireType, readUint32, wireBytes, wireFixed64, wireVarint } from "../otlp/wire.js";
import { durationBucket, numberBucket, termSeeds, wideBucket } from "./term.js";
import type { TermList } from "./term-list.js";
import { addWordTerms } from "./word-terms.js";

/** The last value read, as a range of text bytes: a value that is only hashed needs no string. */
let textBytes: Uint8Array = new Uint8Array(0);
let textAt = 0;
let textEnd = 0;
let numeric: number | undefined;
let isString = false;

const scratch = new Uint8Array(32);
const doubles = new DataView(new ArrayBuffer(8));

/** Adds the value, key, word and number terms of a KeyValue, and checks that it is well formed. */
function addAttributeTerms(
  terms: TermList,
  seed: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  let keyAt = 0;
  let keyEnd = 0;
  textAt = textEnd = 0;
  numeric = undefined;
  isString = false;
  const cursor = new Cursor(bytes, start, end);
  while (cursor.pos < end) {
    const tag = cursor.tag();
    const field = tag >>> 3;
    if (field === 1 || field === 2) {
      expectWireType(tag, wireBytes, "KeyValue");
      const fieldEnd = cursor.lengthEnd();
      if (field === 1) {
        keyAt = cursor.pos;
        keyEnd = fieldEnd;
      } else {
        readValue(bytes, cursor.pos, fieldEnd);
      }
      cursor.pos = fieldEnd;
    } else {
      cursor.skip(tag);
    }
  }
  terms.push(hashRanges(seed, bytes, keyAt, keyEnd, textBytes, textAt, textEnd));
  terms.push(hashRanges(termSeeds.key + seed, bytes, keyAt, keyEnd, bytes, 0, 0));
  if (isString) addWordTerms(terms, textBytes, textAt, textEnd);
  if (numeric !== undefined) {
    const bucket = numberBucket(numeric);
    if (bucket !== undefined) {
      digits(bucket);
      terms.push(hashRanges(termSeeds.number + seed, bytes, keyAt, keyEnd, scratch, textAt, textEnd));
      digits(wideBucket(bucket));
      terms.push(hashRanges(termSeeds.wideNumber + seed, bytes, keyAt, keyEnd, scratch, textAt, textEnd));
    }
  }
}

/** Adds the terms of the attributes of an encoded Resource or InstrumentationScope. @param field of the attributes. */
export function addMessageAttributeTerms(
  terms: TermList,
  seed: number,
  encoded: Uint8Array,
  field: number,
): void {
  const cursor = new Cursor(encoded);
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag >>> 3 === field) {
      expectWireType(tag, wireBytes, "attributes");
      const end = cursor.lengthEnd();
      addAttributeTerms(terms, seed, encoded, cursor.pos, end);
      cursor.pos = end;
    } else {
      cursor.skip(tag);
    }
  }
}

/**
 * Adds the terms of a span: its fields, attributes, events and links, and the pairs of its service with its name, status and
 * duration, which keep several services in one fragment apart.
 * @param service the UTF-8 bytes of the resource's service name.
 */
export function addSpanTerms(terms: TermList, head: SpanHead, service: Uint8Array): void {
  const { bytes } = head;
  terms.push(hashRanges(termSeeds.name, bytes, head.nameAt, head.nameEnd, bytes, 0, 0));
  terms.push(pair(termSeeds.serviceName, service, bytes, head.nameAt, head.nameEnd));
  digits(head.kind);
  terms.push(hashRanges(termSeeds.kind, scratch, textAt, textEnd, scratch, 0, 0));
  digits(head.statusCode);
  terms.push(hashRanges(termSeeds.status, scratch, textAt, textEnd, scratch, 0, 0));
  if (head.statusCode !== 0) {
    terms.push(pair(termSeeds.serviceStatus, service, scratch, textAt, textEnd));
  }
  if (head.messageEnd > head.messageAt) {
    terms.push(hashRanges(termSeeds.statusMessage, bytes, head.messageAt, head.messageEnd, bytes, 0, 0));
  }
  const bucket = durationBucket(durationNanos(head));
  digits(bucket);
  terms.push(hashRanges(termSeeds.duration, scratch, textAt, textEnd, scratch, 0, 0));
  terms.push(pair(termSeeds.serviceDuration, service, scratch, textAt, textEnd));
  digits(wideBucket(bucket));
  terms.push(hashRanges(termSeeds.wideDuration, scratch, textAt, textEnd, scratch, 0, 0));
  terms.push(pair(termSeeds.serviceWideDuration, service, scratch, textAt, textEnd));

  const { attributes, events, links } = head;
  for (let i = 0; i < attributes.length; i += 2) {
    addAttributeTerms(terms, termSeeds.span, bytes, attributes[i] as number, attributes[i + 1] as number);
  }
  for (let i = 0; i < events.length; i += 2) {
    addEventTerms(terms, bytes, events[i] as number, events[i + 1] as number);
  }
  for (let i = 0; i < links.length; i += 2) {
    addLinkTerms(terms, bytes, links[i] as number, links[i + 1] as number);
  }
}

function pair(seed: number, service: Uint8Array, bytes: Uint8Array, at: number, end: number): number {
  return hashRanges(seed, service, 0, service.length, bytes, at, end);
}

/** End minus start. A double is exact enough for a bucket. */
function durationNanos(head: SpanHead): number {
  const { bytes, startTimeAt, endTimeAt } = head;
  const startLow = startTimeAt < 0 ? 0 : readUint32(bytes, startTimeAt);
  const startHigh = startTimeAt < 0 ? 0 : readUint32(bytes, startTimeAt + 4);
  const endLow = endTimeAt < 0 ? 0 : readUint32(bytes, endTimeAt);
  const endHigh = endTimeAt < 0 ? 0 : readUint32(bytes, endTimeAt + 4);
  return (endHigh - startHigh) * 4294967296 + (endLow - startLow);
}

function addEventTerms(terms: TermList, bytes: Uint8Array, start: number, end: number): void {
  let nameAt = 0;
  let nameEnd = 0;
  const cursor = new Cursor(bytes, start, end);
  while (cursor.pos < end) {
    const tag = cursor.tag();
    switch (tag >>> 3) {
      case 1:
        expectWireType(tag, wireFixed64, "Event.time_unix_nano");
        cursor.skip(tag);
        break;
      case 2:
      case 3: {
        expectWireType(tag, wireBytes, "Event");
        const fieldEnd = cursor.lengthEnd();
        if (tag >>> 3 === 2) {
          nameAt = cursor.pos;
          nameEnd = fieldEnd;
        } else {
          addAttributeTerms(terms, termSeeds.event, bytes, cursor.pos, fieldEnd);
        }
        cursor.pos = fieldEnd;
        break;
      }
      case 4:
        expectWireType(tag, wireVarint, "Event.dropped_attributes_count");
        cursor.skip(tag);
        break;
      default:
        cursor.skip(tag);
    }
  }
  terms.push(hashRanges(termSeeds.eventName, bytes, nameAt, nameEnd, bytes, 0, 0));
}

function addLinkTerms(terms: TermList, bytes: Uint8Array, start: number, end: number): void {
  const cursor = new Cursor(bytes, start, end);
  while (cursor.pos < end) {
    const tag = cursor.tag();
    const field = tag >>> 3;
    if (field >= 1 && field <= 4) {
      expectWireType(tag, wireBytes, "Link");
      const fieldEnd = cursor.lengthEnd();
      const length = fieldEnd - cursor.pos;
      // A span with an id of another length is rejected: OTLP's decoders would refuse it on the way out.
      if ((field === 1 && length !== 0 && length !== 16) || (field === 2 && length !== 0 && length !== 8)) {
        throw new SpanStoreError(
          "INVALID_TRACES",
          `a link's ${field === 1 ? "trace" : "span"} id of ${length} bytes`,
        );
      }
      if (field === 4) addAttributeTerms(terms, termSeeds.link, bytes, cursor.pos, fieldEnd);
      cursor.pos = fieldEnd;
    } else {
      if (field === 5) expectWireType(tag, wireVarint, "Link.dropped_attributes_count");
      cursor.skip(tag);
    }
  }
}

/** Reads an AnyValue into the text range; the last field of the oneof wins, as in protobuf. */
function readValue(bytes: Uint8Array, start: number, end: number): void {
  const cursor = new Cursor(bytes, start, end);
  while (cursor.pos < end) {
    const tag = cursor.tag();
    switch (tag >>> 3) {
      case 1: {
        expectWireType(tag, wireBytes, "AnyValue.string_value");
        const textEndNow = cursor.lengthEnd();
        setText(bytes, cursor.pos, textEndNow);
        isString = true;
        cursor.pos = textEndNow;
        break;
      }
      case 2:
        expectWireType(tag, wireVarint, "AnyValue.bool_value");
        setAscii(cursor.varint64() === 0n ? "false" : "true");
        break;
      case 3:
        expectWireType(tag, wireVarint, "AnyValue.int_value");
        readInt(cursor);
        break;
      case 4: {
        expectWireType(tag, wireFixed64, "AnyValue.double_value");
        doubles.setBigUint64(0, cursor.fixed64());
        const value = doubles.getFloat64(0);
        setAscii(textForm({ doubleValue: value }));
        numeric = value;
        break;
      }
      case 5:
      case 6:
      case 7:
        // These values are rare enough to decode; decoding the whole value checks its nesting as a read does.
        setAscii(textForm(decodeAnyValue(new Cursor(bytes, start, end))));
        return;
      default:
        cursor.skip(tag);
    }
  }
}

function setText(bytes: Uint8Array, at: number, end: number): void {
  textBytes = bytes;
  textAt = at;
  textEnd = end;
  numeric = undefined;
  isString = false;
}

function setDigits(value: number): void {
  digits(value);
  setText(scratch, textAt, textEnd);
}

function setAscii(text: string): void {
  const bytes = Buffer.from(text, "utf8");
  setText(bytes, 0, bytes.length);
}

function readInt(cursor: Cursor): void {
  const first = cursor.bytes[cursor.pos] as number;
  // Most integers are small: one byte of varint needs no bigint.
  if (cursor.pos < cursor.end && first < 128) {
    cursor.pos++;
    setDigits(first);
    numeric = first;
    return;
  }
  const value = BigInt.asIntN(64, cursor.varint64());
  if (value >= 0n && value <= 0x7fffffffn) {
    setDigits(Number(value));
  } else {
    setAscii(value.toString());
  }
  numeric = Number(value);
}

/** Writes an integer of up to 32 bits in decimal to `scratch`, and its range to `textAt` and `textEnd`. */
function digits(value: number): void {
  let rest = Math.abs(value);
  let at = scratch.length;
  do {
    scratch[--at] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  } while (rest > 0);
  if (value < 0) scratch[--at] = 45;
  textAt = at;
  textEnd = scratch.length;
}
