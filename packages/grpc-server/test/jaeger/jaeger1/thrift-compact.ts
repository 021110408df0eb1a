import { batchOf, type Field, type ThriftSpan } from "../jaeger2/thrift.js";

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
  const batch = batchOf({ struct, structField, list, text, bool, i32, i64, double }, serviceName, spans);
  // Protocol 0x82; version 1 and the message type "one way"; sequence 0; the method's name.
  const head = Buffer.from([0x82, (4 << 5) | 1, 0]);
  return Buffer.concat([head, bytesOf("emitBatch"), struct({ 1: structField(batch) })]);
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

function structField(struct: Buffer): Field {
  return [typeStruct, struct];
}

/** The value is in the type. */
function bool(value: boolean): Field {
  return [value ? typeTrue : typeFalse, Buffer.alloc(0)];
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
