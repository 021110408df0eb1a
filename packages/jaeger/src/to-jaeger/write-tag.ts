import type { WireWriter } from "@spanstore/core/otlp";
import { boolType, bytesType, doubleType, intType, type Pairs, stringType } from "../model/pairs.js";
import { compositeText } from "../model/value-text.js";
import { writePair, writeRenamedPair } from "../model/write-pair.js";

/** Writes an attribute as a jaeger.api_v2.KeyValue. */
export function writeTag(writer: WireWriter, field: number, pairs: Pairs, row: number): void {
  writePair(writer, field, writeTagValue, pairs, row, row);
}

/** Like `writeTag`, with another key. */
export function writeRenamedTag(
  writer: WireWriter,
  field: number,
  key: Uint8Array,
  pairs: Pairs,
  row: number,
): void {
  writeRenamedPair(writer, field, writeTagValue, pairs, key, row);
}

/** Writes a tag whose text is a range of bytes. */
export function writeTextTag(
  writer: WireWriter,
  field: number,
  key: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const mark = writer.mark();
  if (end > start) writer.field(0x1a, bytes, start, end);
  writer.field(0x0a, key, 0, key.length);
  writer.message(field, mark);
}

/** Writes type and value, and omits zeros. */
function writeTagValue(writer: WireWriter, pairs: Pairs, row: number): void {
  const { bytes } = pairs;
  const start = pairs.valueStart[row] as number;
  const end = pairs.valueEnd[row] as number;
  const type = pairs.type[row] as number;
  switch (type) {
    case stringType:
      if (end > start) writer.field(0x1a, bytes, start, end);
      return;
    case boolType:
      if (end > start) {
        writer.byte(1);
        writer.byte(0x20);
      }
      break;
    case intType:
      if (end > start) {
        writer.range(bytes, start, end);
        writer.byte(0x28);
      }
      break;
    case doubleType:
      if (end > start) {
        writer.range(bytes, start, end);
        writer.byte(0x31);
      }
      break;
    case bytesType:
      if (end > start) writer.field(0x3a, bytes, start, end);
      break;
    default: {
      const text = compositeText(pairs, row);
      if (text !== "") writer.text(0x1a, text);
      return;
    }
  }
  writer.byte(type);
  writer.byte(0x10);
}
