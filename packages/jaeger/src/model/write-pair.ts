import type { WireWriter } from "@spanstore/core/otlp";
import type { Pairs } from "./pairs.js";

/** Writes the value of a row as fields of a format's KeyValue. */
export type ValueWriter = (writer: WireWriter, pairs: Pairs, row: number) => void;

/** Writes a KeyValue of Jaeger or OTLP with the key of one row and the value of another. The key is field 1 in both. */
export function writePair(
  writer: WireWriter,
  field: number,
  writeValue: ValueWriter,
  pairs: Pairs,
  keyRow: number,
  valueRow: number,
): void {
  const end = writer.mark();
  writeValue(writer, pairs, valueRow);
  const start = pairs.keyStart[keyRow] as number;
  const keyEnd = pairs.keyEnd[keyRow] as number;
  if (keyEnd > start) writer.field(0x0a, pairs.bytes, start, keyEnd);
  writer.message(field, end);
}

/** Like `writePair`, with a key that no row has. */
export function writeRenamedPair(
  writer: WireWriter,
  field: number,
  writeValue: ValueWriter,
  pairs: Pairs,
  key: Uint8Array,
  valueRow: number,
): void {
  const end = writer.mark();
  writeValue(writer, pairs, valueRow);
  writer.field(0x0a, key, 0, key.length);
  writer.message(field, end);
}
