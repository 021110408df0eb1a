import type { WireWriter } from "@spanstore/core/otlp";
import {
  errorKey,
  keyBytes,
  scopeNameKey,
  scopeVersionKey,
  spanKindKey,
  statusCodeKey,
  statusDescriptionKey,
  traceStateKey,
} from "../model/keys.js";
import type { OtlpSpan } from "../model/otlp-span.js";
import type { Rows } from "../model/pairs.js";
import { errorCode, errorWord, kindWords, okCode, okWord } from "../model/span-meaning.js";
import type { Surroundings } from "../model/surroundings.js";
import {
  attribute,
  descriptionSource,
  errorCodeSource,
  errorSource,
  kindSource,
  literal,
  okSource,
  type Script,
  scopeNameSource,
  scopeVersionSource,
  traceStateSource,
} from "../model/tag-script.js";
import { writeTag, writeTextTag } from "./write-tag.js";

const tagsTag = 0x42;
const noBytes = new Uint8Array(0);

/** The tag `error` with the value true, as a field of a Span. */
const errorTag = Uint8Array.of(tagsTag, 11, 0x0a, 5, ...(keyBytes[errorKey] as Uint8Array), 0x10, 1, 0x20, 1);

/** Writes the tags of a span in the order of the collector's translator. @param rows the attributes that are tags. */
export function writeTags(writer: WireWriter, span: OtlpSpan, surroundings: Surroundings, rows: Rows): void {
  if (span.traceStateEnd > span.traceStateStart) writeSource(writer, span, surroundings, traceStateSource);
  if (span.messageEnd > span.messageStart) writeSource(writer, span, surroundings, descriptionSource);
  if (span.statusCode === errorCode) {
    writeSource(writer, span, surroundings, errorSource);
    writeSource(writer, span, surroundings, errorCodeSource);
  }
  if (span.statusCode === okCode) writeSource(writer, span, surroundings, okSource);
  if (isKind(span.kind)) writeSource(writer, span, surroundings, kindSource);
  for (let i = rows.length - 1; i >= 0; i--) writeTag(writer, tagsTag, span.pairs, rows.row[i] as number);
  if (surroundings.versionEnd > surroundings.versionStart)
    writeSource(writer, span, surroundings, scopeVersionSource);
  if (surroundings.nameEnd > surroundings.nameStart) writeSource(writer, span, surroundings, scopeNameSource);
}

/** Writes the tags of a span in their original order, from its script. */
export function writeTagsOfScript(
  writer: WireWriter,
  span: OtlpSpan,
  surroundings: Surroundings,
  rows: Rows,
  script: Script,
): void {
  for (let i = script.length - 1; i >= 0; i--) {
    const source = script.source[i] as number;
    const at = script.at[i] as number;
    if (source === attribute) writeTag(writer, tagsTag, span.pairs, rows.row[at] as number);
    else if (source === literal) writer.field(tagsTag, span.bytes, at, script.end[i] as number);
    else writeSource(writer, span, surroundings, source);
  }
}

function writeSource(writer: WireWriter, span: OtlpSpan, surroundings: Surroundings, source: number): void {
  const { bytes } = span;
  const { scope } = surroundings;
  switch (source) {
    case kindSource: {
      const word = isKind(span.kind) ? (kindWords[span.kind] as Uint8Array) : noBytes;
      writeText(writer, spanKindKey, word, 0, word.length);
      break;
    }
    case okSource:
      writeText(writer, statusCodeKey, okWord, 0, okWord.length);
      break;
    case errorCodeSource:
      writeText(writer, statusCodeKey, errorWord, 0, errorWord.length);
      break;
    case errorSource:
      writer.range(errorTag, 0, errorTag.length);
      break;
    case descriptionSource:
      writeText(writer, statusDescriptionKey, bytes, span.messageStart, span.messageEnd);
      break;
    case traceStateSource:
      writeText(writer, traceStateKey, bytes, span.traceStateStart, span.traceStateEnd);
      break;
    case scopeNameSource:
      writeText(writer, scopeNameKey, scope, surroundings.nameStart, surroundings.nameEnd);
      break;
    case scopeVersionSource:
      writeText(writer, scopeVersionKey, scope, surroundings.versionStart, surroundings.versionEnd);
  }
}

function writeText(writer: WireWriter, key: number, bytes: Uint8Array, start: number, end: number): void {
  writeTextTag(writer, tagsTag, keyBytes[key] as Uint8Array, bytes, start, end);
}

function isKind(kind: number): boolean {
  return kind > 0 && kind < kindWords.length;
}
