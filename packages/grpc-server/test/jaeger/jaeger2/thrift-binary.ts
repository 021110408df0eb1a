import { batchOf, type Field, type ThriftSpan } from "./thrift.js";

const typeBool = 2;
const typeDouble = 4;
const typeI32 = 8;
const typeI64 = 10;
const typeString = 11;
const typeStruct = 12;
const typeList = 15;

/** The body of a POST to /api/traces, in the binary protocol. */
export function thriftBatch(serviceName: string, spans: readonly ThriftSpan[]): Buffer {
  return batchOf({ struct, structField, list, text, bool, i32, i64, double }, serviceName, spans);
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

function structField(struct: Buffer): Field {
  return [typeStruct, struct];
}

function bool(value: boolean): Field {
  return [typeBool, Buffer.from([value ? 1 : 0])];
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
