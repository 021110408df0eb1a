import type { WireWriter } from "@spanstore/core/otlp";
import { boolType, bytesType, doubleType, intType, type Pairs, stringType } from "../model/pairs.js";
import { writePair, writeRenamedPair } from "../model/write-pair.js";

const noText = new Uint8Array(0);
export const jaegerVersionPrefix = Uint8Array.from(Buffer.from("Jaeger-"));

/** Writes an OTLP KeyValue with the key of one tag and the value of another. */
export function writeAttribute(
  writer: WireWriter,
  field: number,
  pairs: Pairs,
  keyRow: number,
  valueRow: number,
): void {
  writePair(writer, field, writeValue, pairs, keyRow, valueRow);
}

/** Like `writeAttribute`, with another key. */
export function writeRenamedAttribute(
  writer: WireWriter,
  field: number,
  key: Uint8Array,
  pairs: Pairs,
  valueRow: number,
): void {
  writeRenamedPair(writer, field, writeValue, pairs, key, valueRow);
}

/** Writes an attribute with the version of a Jaeger client and the prefix that marks it. */
export function writeJaegerVersion(
  writer: WireWriter,
  field: number,
  key: Uint8Array,
  pairs: Pairs,
  valueRow: number,
): void {
  writeRenamedPair(writer, field, writeVersion, pairs, key, valueRow);
}

function writeVersion(writer: WireWriter, pairs: Pairs, row: number): void {
  const end = writer.mark();
  const text = textOf(pairs, row);
  writer.range(text, 0, text.length);
  writer.range(jaegerVersionPrefix, 0, jaegerVersionPrefix.length);
  writer.message(0x0a, end);
  writer.message(0x12, end);
}

/** Writes the text of a tag as a string field; omits an empty one. */
export function writeTextOf(writer: WireWriter, field: number, pairs: Pairs, row: number): void {
  const text = textOf(pairs, row);
  if (text.length > 0) writer.field(field, text, 0, text.length);
}

/** The text of the attribute made of this tag; empty when it is no text. */
export function textOf(pairs: Pairs, row: number): Uint8Array {
  const type = pairs.type[row] as number;
  if (type === stringType) {
    return pairs.bytes.subarray(pairs.valueStart[row] as number, pairs.valueEnd[row] as number);
  }
  return type < stringType || type > bytesType ? unknownTypeText(type) : noText;
}

/** KeyValue's field `value`. */
function writeValue(writer: WireWriter, pairs: Pairs, row: number): void {
  const end = writer.mark();
  writeAnyValue(writer, pairs, row);
  writer.message(0x12, end);
}

function writeAnyValue(writer: WireWriter, pairs: Pairs, row: number): void {
  const { bytes } = pairs;
  const start = pairs.valueStart[row] as number;
  const end = pairs.valueEnd[row] as number;
  const type = pairs.type[row] as number;
  switch (type) {
    case stringType:
      writer.field(0x0a, bytes, start, end);
      break;
    case boolType:
      writer.byte(end > start ? 1 : 0);
      writer.byte(0x10);
      break;
    case intType:
      if (end > start) writer.range(bytes, start, end);
      else writer.byte(0);
      writer.byte(0x18);
      break;
    case doubleType:
      if (end > start) writer.range(bytes, start, end);
      else writer.zeros(8);
      writer.byte(0x21);
      break;
    case bytesType:
      writer.field(0x3a, bytes, start, end);
      break;
    default: {
      const text = unknownTypeText(type);
      writer.field(0x0a, text, 0, text.length);
    }
  }
}

/** The collector's text for an unknown type. */
function unknownTypeText(type: number): Uint8Array {
  return Buffer.from(`<Unknown Jaeger TagType "${type}">`);
}
