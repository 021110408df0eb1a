/** As much of Jaeger's Thrift model, in Thrift's binary protocol, as a client sends over HTTP. */
export interface ThriftSpan {
  readonly traceIdLow: bigint;
  readonly traceIdHigh: bigint;
  readonly spanId: bigint;
  readonly parentSpanId: bigint;
  readonly operationName: string;
  /** Microseconds since the epoch. */
  readonly startTime: bigint;
  /** Microseconds. */
  readonly duration: bigint;
  readonly tags: Readonly<Record<string, ThriftTag>>;
}

export type ThriftTag = string | number | boolean | bigint;

type Field = readonly [type: number, bytes: Buffer];

const typeBool = 2;
const typeDouble = 4;
const typeI32 = 8;
const typeI64 = 10;
const typeString = 11;
const typeStruct = 12;
const typeList = 15;

/** The body of a POST to /api/traces: jaeger.thrift's Batch. */
export function thriftBatch(serviceName: string, spans: readonly ThriftSpan[]): Buffer {
  return struct({
    1: structField({ 1: text(serviceName) }),
    2: list(spans.map(span)),
  });
}

function span(value: ThriftSpan): Buffer {
  return struct({
    1: i64(value.traceIdLow),
    2: i64(value.traceIdHigh),
    3: i64(value.spanId),
    4: i64(value.parentSpanId),
    5: text(value.operationName),
    7: i32(1),
    8: i64(value.startTime),
    9: i64(value.duration),
    10: list(Object.entries(value.tags).map(([key, tagValue]) => tag(key, tagValue))),
  });
}

/** jaeger.thrift's Tag: the value's type by number, and the field of that type. */
function tag(key: string, value: ThriftTag): Buffer {
  switch (typeof value) {
    case "string":
      return struct({ 1: text(key), 2: i32(0), 3: text(value) });
    case "number":
      return struct({ 1: text(key), 2: i32(1), 4: double(value) });
    case "boolean":
      return struct({ 1: text(key), 2: i32(2), 5: [typeBool, Buffer.from([value ? 1 : 0])] });
    case "bigint":
      return struct({ 1: text(key), 2: i32(3), 6: i64(value) });
  }
}

function struct(fields: Readonly<Record<number, Field>>): Buffer {
  const parts: Buffer[] = [];
  for (const [id, [type, bytes]] of Object.entries(fields)) {
    const head = Buffer.alloc(3);
    head.writeUInt8(type, 0);
    head.writeInt16BE(Number(id), 1);
    parts.push(head, bytes);
  }
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function structField(fields: Readonly<Record<number, Field>>): Field {
  return [typeStruct, struct(fields)];
}

function list(structs: readonly Buffer[]): Field {
  const head = Buffer.alloc(5);
  head.writeUInt8(typeStruct, 0);
  head.writeInt32BE(structs.length, 1);
  return [typeList, Buffer.concat([head, ...structs])];
}

function text(value: string): Field {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return [typeString, Buffer.concat([length, bytes])];
}

function i32(value: number): Field {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return [typeI32, bytes];
}

function i64(value: bigint): Field {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt.asIntN(64, value));
  return [typeI64, bytes];
}

function double(value: number): Field {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return [typeDouble, bytes];
}
