import { Cursor, SpanHead } from "@spanstore/core/otlp";

/** A trace in columns, with the data of a waterfall and the position of each span's bytes. Spans are numbers from 0. */
export interface TraceModel {
  /** An encoded TracesData. */
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly spanAt: readonly number[];
  readonly spanEnd: readonly number[];
  readonly ids: readonly string[];
  /** Empty for a span without a parent. */
  readonly parentIds: readonly string[];
  readonly names: readonly string[];
  readonly kinds: readonly number[];
  readonly isError: readonly boolean[];
  readonly hasEvents: readonly boolean[];
  /** Nanoseconds after `base`. */
  readonly start: readonly number[];
  readonly end: readonly number[];
  /** The start of the first span, in nanoseconds since 1970. */
  readonly base: bigint;
  /** The end of the last span, in nanoseconds after `base`. */
  readonly length: number;
  /** The index in `owners` of each span. */
  readonly ownerOf: readonly number[];
  readonly owners: readonly Owner[];
}

/** A resource with one of its scopes, as ranges of the bytes; empty for an absent one. */
export interface Owner {
  readonly service: string;
  readonly resource: ByteRange;
  readonly scope: ByteRange;
}

export interface ByteRange {
  readonly at: number;
  readonly end: number;
}

const none: ByteRange = { at: 0, end: 0 };
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads a trace step by step, so that the page can draw in between. The generator returns the model. */
export function* readTrace(bytes: Uint8Array): Generator<number, TraceModel> {
  const columns = {
    spanAt: [] as number[],
    spanEnd: [] as number[],
    ids: [] as string[],
    parentIds: [] as string[],
    names: [] as string[],
    kinds: [] as number[],
    isError: [] as boolean[],
    hasEvents: [] as boolean[],
    ownerOf: [] as number[],
  };
  const owners: Owner[] = [];
  const startAt: number[] = [];
  const endAt: number[] = [];
  const head = new SpanHead();
  const text = createTexts(bytes);
  for (const group of fieldsOf(bytes, 0, bytes.length, 1)) {
    const resource = fieldsOf(bytes, group.at, group.end, 1)[0] ?? none;
    const service = serviceOf(bytes, resource, text);
    for (const scopeSpans of fieldsOf(bytes, group.at, group.end, 2)) {
      const scope = fieldsOf(bytes, scopeSpans.at, scopeSpans.end, 1)[0] ?? none;
      const owner = owners.push({ service, resource, scope }) - 1;
      for (const { at, end } of fieldsOf(bytes, scopeSpans.at, scopeSpans.end, 2)) {
        head.scan(bytes, at, end);
        columns.spanAt.push(at);
        columns.spanEnd.push(end);
        columns.ids.push(hex(bytes, head.spanIdAt, head.spanIdEnd));
        columns.parentIds.push(hex(bytes, head.parentAt, head.parentEnd));
        columns.names.push(text(head.nameAt, head.nameEnd));
        columns.kinds.push(head.kind);
        columns.isError.push(head.statusCode === 2);
        columns.hasEvents.push(head.events.length > 0);
        columns.ownerOf.push(owner);
        startAt.push(head.startTimeAt);
        endAt.push(head.endTimeAt);
        if (columns.ids.length % 1000 === 0) yield columns.ids.length;
      }
    }
  }
  return { bytes, count: columns.ids.length, ...columns, owners, ...timesOf(bytes, startAt, endAt) };
}

/** Reads a trace in one step. */
export function readTraceNow(bytes: Uint8Array): TraceModel {
  const reading = readTrace(bytes);
  for (;;) {
    const step = reading.next();
    if (step.done) return step.value;
  }
}

/** The messages of a field. */
function fieldsOf(bytes: Uint8Array, from: number, to: number, field: number): ByteRange[] {
  const ranges: ByteRange[] = [];
  const cursor = new Cursor(bytes, from, to);
  while (cursor.pos < to) {
    const tag = cursor.tag();
    if (tag >>> 3 !== field || (tag & 7) !== 2) {
      cursor.skip(tag);
      continue;
    }
    const end = cursor.lengthEnd();
    ranges.push({ at: cursor.pos, end });
    cursor.pos = end;
  }
  return ranges;
}

type Texts = (at: number, end: number) => string;

/** Decodes each repeated text once, keyed by a hash of its length and first bytes. */
function createTexts(bytes: Uint8Array): Texts {
  const known = new Map<number, { readonly at: number; readonly text: string }[]>();
  return (at, end) => {
    let hash = end - at;
    for (let i = at; i < end && i < at + 64; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
    const same = known.get(hash);
    const found = same?.find((one) => isEqual(bytes, one.at, at, end - at, one.text));
    if (found !== undefined) return found.text;
    const text = utf8.decode(bytes.subarray(at, end));
    if (same === undefined) known.set(hash, [{ at, text }]);
    else if (same.length < 16) same.push({ at, text });
    return text;
  };
}

function isEqual(bytes: Uint8Array, a: number, b: number, length: number, text: string): boolean {
  if (text.length > length) return false;
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}

function serviceOf(bytes: Uint8Array, resource: ByteRange, text: Texts): string {
  for (const attribute of fieldsOf(bytes, resource.at, resource.end, 1)) {
    const key = fieldsOf(bytes, attribute.at, attribute.end, 1)[0];
    if (key === undefined || text(key.at, key.end) !== "service.name") continue;
    const value = fieldsOf(bytes, attribute.at, attribute.end, 2)[0];
    const held = value && fieldsOf(bytes, value.at, value.end, 1)[0];
    return held === undefined ? "" : text(held.at, held.end);
  }
  return "";
}

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hex(bytes: Uint8Array, at: number, end: number): string {
  let text = "";
  let isZero = true;
  for (let i = at; i < end; i++) {
    const byte = bytes[i] as number;
    text += digits[byte];
    isZero &&= byte === 0;
  }
  return isZero ? "" : text;
}

type Times = Pick<TraceModel, "start" | "end" | "base" | "length">;

const word = 2 ** 32;

/** Reads times as differences to `base`, which fit into numbers. An absent time becomes that of the first span. */
function timesOf(bytes: Uint8Array, startAt: readonly number[], endAt: readonly number[]): Times {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let baseHigh = Number.POSITIVE_INFINITY;
  let baseLow = 0;
  for (const at of startAt) {
    if (at < 0) continue;
    const low = view.getUint32(at, true);
    const high = view.getUint32(at + 4, true);
    if (high > baseHigh || (high === baseHigh && low >= baseLow)) continue;
    baseHigh = high;
    baseLow = low;
  }
  if (baseHigh === Number.POSITIVE_INFINITY) baseHigh = 0;
  const after = (at: number): number =>
    at < 0 ? 0 : (view.getUint32(at + 4, true) - baseHigh) * word + (view.getUint32(at, true) - baseLow);
  const start = startAt.map(after);
  // A span that ends before it starts takes no time.
  const end = endAt.map((at, i) => Math.max(after(at), start[i] as number));
  let length = 1;
  for (const time of end) if (time > length) length = time;
  return { start, end, base: (BigInt(baseHigh) << 32n) | BigInt(baseLow), length };
}
