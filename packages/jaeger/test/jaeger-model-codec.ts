import { Cursor } from "@spanstore/core/otlp";

/** jaeger.api_v2 as plain objects. Omitted fields are absent; `unknown` holds the bytes of unknown fields. */
export interface JaegerTag {
  key?: string;
  type?: number;
  str?: string;
  bool?: boolean;
  int?: bigint;
  double?: number;
  binary?: Uint8Array;
  unknown?: Uint8Array;
}

export interface JaegerTime {
  seconds?: bigint;
  nanos?: number;
}

export interface JaegerReference {
  traceId?: Uint8Array;
  spanId?: Uint8Array;
  type?: number;
  unknown?: Uint8Array;
}

export interface JaegerLog {
  timestamp?: JaegerTime;
  fields?: JaegerTag[];
  unknown?: Uint8Array;
}

export interface JaegerProcess {
  serviceName?: string;
  tags?: JaegerTag[];
  unknown?: Uint8Array;
}

export interface JaegerSpan {
  traceId?: Uint8Array;
  spanId?: Uint8Array;
  operationName?: string;
  references?: JaegerReference[];
  flags?: number;
  startTime?: JaegerTime;
  duration?: JaegerTime;
  tags?: JaegerTag[];
  logs?: JaegerLog[];
  process?: JaegerProcess;
  processId?: string;
  warnings?: string[];
  unknown?: Uint8Array;
}

export function encodeSpan(span: JaegerSpan): Uint8Array {
  return Buffer.concat([
    ...bytes(1, span.traceId),
    ...bytes(2, span.spanId),
    ...text(3, span.operationName),
    ...many(span.references, (reference) => bytes(4, encodeReference(reference))),
    ...varint(5, span.flags),
    ...bytes(6, encodeTime(span.startTime)),
    ...bytes(7, encodeTime(span.duration)),
    ...many(span.tags, (tag) => bytes(8, encodeTag(tag))),
    ...many(span.logs, (log) => bytes(9, encodeLog(log))),
    ...bytes(10, encodeProcess(span.process)),
    ...text(11, span.processId),
    ...many(span.warnings, (warning) => text(12, warning)),
    ...raw(span.unknown),
  ]);
}

function encodeReference({ traceId, spanId, type, unknown }: JaegerReference): Uint8Array {
  return Buffer.concat([...bytes(1, traceId), ...bytes(2, spanId), ...varint(3, type), ...raw(unknown)]);
}

function encodeLog({ timestamp, fields, unknown }: JaegerLog): Uint8Array {
  return Buffer.concat([
    ...bytes(1, encodeTime(timestamp)),
    ...many(fields, (tag) => bytes(2, encodeTag(tag))),
    ...raw(unknown),
  ]);
}

function encodeProcess(process: JaegerProcess | undefined): Uint8Array | undefined {
  if (process === undefined) return undefined;
  const { serviceName, tags, unknown } = process;
  return Buffer.concat([
    ...text(1, serviceName),
    ...many(tags, (tag) => bytes(2, encodeTag(tag))),
    ...raw(unknown),
  ]);
}

function encodeTime(time: JaegerTime | undefined): Uint8Array | undefined {
  return time && Buffer.concat([...varint(1, time.seconds), ...varint(2, time.nanos)]);
}

function encodeTag(tag: JaegerTag): Uint8Array {
  return Buffer.concat([
    ...text(1, tag.key),
    ...varint(2, tag.type),
    ...text(3, tag.str),
    ...varint(4, tag.bool === undefined ? undefined : Number(tag.bool)),
    ...varint(5, tag.int),
    ...(tag.double === undefined ? [] : [Uint8Array.of(0x31), doubleBytes(tag.double)]),
    ...bytes(7, tag.binary),
    ...raw(tag.unknown),
  ]);
}

function doubleBytes(value: number): Uint8Array {
  const out = Buffer.alloc(8);
  out.writeDoubleLE(value);
  return out;
}

function raw(value: Uint8Array | undefined): Uint8Array[] {
  return value === undefined ? [] : [value];
}

function many<T>(values: readonly T[] | undefined, encode: (value: T) => Uint8Array[]): Uint8Array[] {
  return (values ?? []).flatMap(encode);
}

function text(field: number, value: string | undefined): Uint8Array[] {
  return bytes(field, value === undefined ? undefined : Buffer.from(value));
}

function bytes(field: number, value: Uint8Array | undefined): Uint8Array[] {
  return value === undefined
    ? []
    : [varintBytes(BigInt(field * 8 + 2)), varintBytes(BigInt(value.length)), value];
}

function varint(field: number, value: bigint | number | undefined): Uint8Array[] {
  return value === undefined ? [] : [varintBytes(BigInt(field * 8)), varintBytes(BigInt(value))];
}

function varintBytes(value: bigint): Uint8Array {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  out.push(Number(rest));
  return Uint8Array.from(out);
}

/** The meaning of a protobuf message, as data to compare: all known fields, and the bytes of the others. */
export interface Meaning {
  [field: string]: string | Meaning | Meaning[] | string[] | undefined;
}

type Kind = "id" | "trace" | "bytes" | "int32" | "uint32" | "int64" | "bool" | "double" | Shape;
type Field = readonly [name: string, kind: Kind, repeated?: "repeated"];
interface Shape {
  readonly [number: number]: Field;
}

const timeShape: Shape = { 1: ["seconds", "int64"], 2: ["nanos", "int32"] };
const tagShape: Shape = {
  1: ["key", "bytes"],
  2: ["type", "int32"],
  3: ["str", "bytes"],
  4: ["bool", "bool"],
  5: ["int", "int64"],
  6: ["double", "double"],
  7: ["binary", "bytes"],
};
const processShape: Shape = { 1: ["serviceName", "bytes"], 2: ["tags", tagShape, "repeated"] };
const spanShape: Shape = {
  1: ["traceId", "trace"],
  2: ["spanId", "id"],
  3: ["operationName", "bytes"],
  4: ["references", { 1: ["traceId", "trace"], 2: ["spanId", "id"], 3: ["type", "int32"] }, "repeated"],
  5: ["flags", "uint32"],
  6: ["startTime", timeShape],
  7: ["duration", timeShape],
  8: ["tags", tagShape, "repeated"],
  9: ["logs", { 1: ["timestamp", timeShape], 2: ["fields", tagShape, "repeated"] }, "repeated"],
  10: ["process", processShape],
  11: ["processId", "bytes"],
  12: ["warnings", "bytes", "repeated"],
};
const zeros: Readonly<Record<string, string>> = {
  id: "0".repeat(16),
  trace: "0".repeat(32),
  bytes: "",
  int32: "0",
  uint32: "0",
  int64: "0",
  bool: "false",
  double: "0".repeat(16),
};

/**
 * The meaning of an encoded jaeger.api_v2.Span to Jaeger: absent fields are zero, absent instants the year 1, and absent durations
 * zero.
 */
export function meaningOf(encoded: Uint8Array): Meaning {
  const meaning = meaningIn(new Cursor(encoded), spanShape);
  meaning.startTime ??= yearOne();
  meaning.duration ??= meaningIn(new Cursor(new Uint8Array(0)), timeShape);
  for (const log of meaning.logs as Meaning[]) log.timestamp ??= yearOne();
  return meaning;
}

function yearOne(): Meaning {
  return { seconds: "-62135596800", nanos: "0" };
}

function meaningIn(cursor: Cursor, shape: Shape): Meaning {
  const meaning: Meaning = {};
  for (const [name, kind, repeated] of Object.values(shape) as Field[]) {
    meaning[name] = repeated ? [] : typeof kind === "string" ? zeros[kind] : undefined;
  }
  let unknown = "";
  let merged: Uint8Array = new Uint8Array(0);
  while (cursor.pos < cursor.end) {
    const start = cursor.pos;
    const tag = cursor.tag();
    const field = shape[tag >>> 3];
    if (field === undefined) {
      cursor.skip(tag);
      unknown += hex(cursor.bytes, start, cursor.pos);
      continue;
    }
    const [name, kind, repeated] = field;
    if (kind === processShape) {
      // Protobuf merges repeated messages; Jaeger's times take the last one.
      const end = cursor.lengthEnd();
      merged = Buffer.concat([merged, cursor.bytes.subarray(cursor.pos, end)]);
      cursor.pos = end;
      meaning[name] = meaningIn(new Cursor(merged), processShape);
      continue;
    }
    const value = valueIn(cursor, kind);
    if (repeated) (meaning[name] as (typeof value)[]).push(value);
    else meaning[name] = value;
  }
  // Go's own types of times drop unknown fields.
  return shape === timeShape ? meaning : { ...meaning, unknown };
}

function valueIn(cursor: Cursor, kind: Kind): string | Meaning {
  if (kind === "int32") return String(cursor.varint32() | 0);
  if (kind === "uint32") return String(cursor.varint32());
  if (kind === "int64") return String(BigInt.asIntN(64, cursor.varint64()));
  if (kind === "bool") return String(cursor.varint64() !== 0n);
  if (kind === "double") return cursor.fixed64().toString(16).padStart(16, "0");
  const end = cursor.lengthEnd();
  const start = cursor.pos;
  cursor.pos = end;
  if (typeof kind !== "string") return meaningIn(new Cursor(cursor.bytes, start, end), kind);
  const digits = hex(cursor.bytes, start, end);
  return kind === "trace" ? digits.padStart(32, "0") : digits;
}

function hex(from: Uint8Array, start: number, end: number): string {
  return Buffer.from(from.subarray(start, end)).toString("hex");
}
