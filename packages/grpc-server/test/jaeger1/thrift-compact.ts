import type { ThriftSpan, ThriftTag } from "../jaeger2/thrift.js";

type Field = readonly [type: number, bytes: Buffer];

const typeTrue = 1;
const typeFalse = 2;
const typeI32 = 5;
const typeI64 = 6;
const typeDouble = 7;
const typeBinary = 8;
const typeList = 9;
const typeStruct = 12;

/** The UDP packet of a client of the agent: a call of jaeger.thrift's Agent.emitBatch in the compact protocol. */
export function emitBatchPacket(serviceName: string, spans: readonly ThriftSpan[]): Buffer {
  const batch = struct({ 1: [typeStruct, struct({ 1: text(serviceName) })], 2: list(spans.map(span)) });
  // Protocol 0x82; version 1 and the message type "one way"; sequence 0; the method's name.
  const head = Buffer.from([0x82, (4 << 5) | 1, 0]);
  return Buffer.concat([head, bytesOf("emitBatch"), struct({ 1: [typeStruct, batch] })]);
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
      return struct({ 1: text(key), 2: i32(2), 5: [value ? typeTrue : typeFalse, Buffer.alloc(0)] });
    case "bigint":
      return struct({ 1: text(key), 2: i32(3), 6: i64(value) });
  }
}

function struct(fields: Readonly<Record<number, Field>>): Buffer {
  const parts: Buffer[] = [];
  let last = 0;
  for (const [key, [type, bytes]] of Object.entries(fields)) {
    const id = Number(key);
    parts.push(Buffer.from([((id - last) << 4) | type]), bytes);
    last = id;
  }
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function list(structs: readonly Buffer[]): Field {
  const head =
    structs.length < 15
      ? Buffer.from([(structs.length << 4) | typeStruct])
      : Buffer.concat([Buffer.from([0xf0 | typeStruct]), varint(BigInt(structs.length))]);
  return [typeList, Buffer.concat([head, ...structs])];
}

function text(value: string): Field {
  return [typeBinary, bytesOf(value)];
}

function bytesOf(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(BigInt(bytes.length)), bytes]);
}

function i32(value: number): Field {
  return [typeI32, varint(zigzag(BigInt(value)))];
}

function i64(value: bigint): Field {
  return [typeI64, varint(zigzag(BigInt.asIntN(64, value)))];
}

function double(value: number): Field {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return [typeDouble, bytes];
}

function zigzag(value: bigint): bigint {
  return BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
