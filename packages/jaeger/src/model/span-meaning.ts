import { Cursor } from "@spanstore/core/otlp";
import type { AttributeRows } from "./attribute-rows.js";
import type { JaegerSpan } from "./jaeger-span.js";
import {
  errorKey,
  httpStatusCodeKey,
  httpStatusMessageKey,
  rangeEquals,
  scopeNameKey,
  scopeVersionKey,
  spanKindKey,
  statusCodeKey,
  statusDescriptionKey,
  traceStateKey,
  warningsKey,
} from "./keys.js";
import { boolType, intType, type Pairs, stringType } from "./pairs.js";
import {
  descriptionSource,
  errorCodeSource,
  errorSource,
  kindSource,
  literal,
  okSource,
  scopeNameSource,
  scopeVersionSource,
  traceStateSource,
} from "./tag-script.js";

/** The words of span.kind, by OTLP's numbers. */
export const kindWords: readonly Uint8Array[] = [
  "",
  "internal",
  "server",
  "client",
  "producer",
  "consumer",
].map((word) => Uint8Array.from(Buffer.from(word)));

const clientKind = 3;
const serverKind = 2;
export const okCode = 1;
export const errorCode = 2;

export const okWord = Uint8Array.from(Buffer.from("OK"));
export const errorWord = Uint8Array.from(Buffer.from("ERROR"));

/**
 * The tags of a Jaeger span for which OTLP has fields, by the rules of the OpenTelemetry collector's translator. The row of a
 * missing tag is -1.
 */
export class SpanMeaning {
  kind = 0;
  statusCode = 0;
  /** Row of the tag with the status's message. */
  messageRow = -1;
  traceStateRow = -1;
  scopeNameRow = -1;
  scopeVersionRow = -1;
  /** Whether a tag of the span, not a warning, has the key of the warnings attribute. */
  warningsAreTag = false;

  /** Reads the span's tags and fills `rows` for them. */
  read({ pairs, tagsEnd: to, warnings }: JaegerSpan, rows: AttributeRows): void {
    this.#readScope(pairs, to, rows);
    const { scopeNameRow, scopeVersionRow } = this;
    rows.put(pairs, 0, to, scopeNameRow, scopeVersionRow);
    this.kind = 0;
    const kindRow = rows.valueOf(spanKindKey);
    if (kindRow >= 0) {
      this.kind = kindOf(pairs, kindRow);
      rows.remove(spanKindKey, this.kind > 0 ? kindSource : literal);
    }
    this.#readStatus(pairs, rows);
    this.traceStateRow = rows.valueOf(traceStateKey);
    if (this.traceStateRow >= 0)
      rows.remove(traceStateKey, ifText(pairs, this.traceStateRow, traceStateSource));
    this.warningsAreTag = rows.rowOf(warningsKey) >= 0;
    if (this.warningsAreTag && warnings.length > 0) {
      // The warnings take the attribute.
      rows.remove(warningsKey, literal);
      this.warningsAreTag = false;
    }
  }

  /** A scope version counts only with a scope name. */
  #readScope(pairs: Pairs, to: number, rows: AttributeRows): void {
    let nameRow = -1;
    let versionRow = -1;
    for (let row = 0; row < to; row++) {
      const key = pairs.key[row];
      if (key === scopeNameKey && nameRow < 0) nameRow = row;
      else if (key === scopeVersionKey && versionRow < 0) versionRow = row;
    }
    if (nameRow < 0) versionRow = -1;
    this.scopeNameRow = nameRow;
    this.scopeVersionRow = versionRow;
    if (nameRow >= 0) rows.role[nameRow] = ifPlainText(pairs, nameRow, scopeNameSource);
    if (versionRow >= 0) rows.role[versionRow] = ifPlainText(pairs, versionRow, scopeVersionSource);
  }

  #readStatus(pairs: Pairs, rows: AttributeRows): void {
    this.statusCode = 0;
    this.messageRow = -1;
    let told = false;
    const errorRow = rows.valueOf(errorKey);
    if (errorRow >= 0 && isTrue(pairs, errorRow)) {
      this.statusCode = errorCode;
      rows.remove(errorKey, errorSource);
      told = true;
      if (!this.#takeDescription(pairs, rows)) this.messageRow = rows.valueOf(httpStatusMessageKey);
    }
    const codeRow = rows.valueOf(statusCodeKey);
    if (codeRow >= 0) {
      if (!told) {
        if (isWord(pairs, codeRow, okWord)) this.statusCode = okCode;
        else if (isWord(pairs, codeRow, errorWord)) this.statusCode = errorCode;
        this.#takeDescription(pairs, rows);
      }
      rows.remove(statusCodeKey, codeSource(pairs, codeRow));
      return;
    }
    const httpRow = told ? -1 : rows.valueOf(httpStatusCodeKey);
    if (httpRow >= 0 && isHttpError(pairs, httpRow, this.kind)) {
      this.statusCode = errorCode;
      this.messageRow = rows.valueOf(httpStatusMessageKey);
    }
  }

  #takeDescription(pairs: Pairs, rows: AttributeRows): boolean {
    const row = rows.valueOf(statusDescriptionKey);
    if (row < 0) return false;
    this.messageRow = row;
    rows.remove(statusDescriptionKey, ifText(pairs, row, descriptionSource));
    return true;
  }
}

/** The range of a tag's v_str, whatever its declared type. */
export function textFieldOf(pairs: Pairs, row: number): readonly [number, number] {
  if (pairs.type[row] === stringType) return [pairs.valueStart[row] as number, pairs.valueEnd[row] as number];
  const end = pairs.end[row] as number;
  const cursor = new Cursor(pairs.bytes, pairs.start[row] as number, end);
  let range: readonly [number, number] = [0, 0];
  while (cursor.pos < end) {
    const tag = cursor.tag();
    const start = cursor.pos;
    cursor.skip(tag);
    if (tag !== 0x1a) continue;
    cursor.pos = start;
    const textEnd = cursor.lengthEnd();
    range = [cursor.pos, textEnd];
    cursor.pos = textEnd;
  }
  return range;
}

function kindOf(pairs: Pairs, row: number): number {
  if (pairs.type[row] !== stringType) return 0;
  const start = pairs.valueStart[row] as number;
  const end = pairs.valueEnd[row] as number;
  for (let kind = 1; kind < kindWords.length; kind++) {
    if (rangeEquals(pairs.bytes, start, end, kindWords[kind] as Uint8Array)) return kind;
  }
  return 0;
}

function isTrue(pairs: Pairs, row: number): boolean {
  return pairs.type[row] === boolType && pairs.valueEnd[row] === 1;
}

/** Whether the text is this word in any case. @param word in upper case. */
function isWord(pairs: Pairs, row: number, word: Uint8Array): boolean {
  if (pairs.type[row] !== stringType) return false;
  const start = pairs.valueStart[row] as number;
  if ((pairs.valueEnd[row] as number) - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) {
    const byte = pairs.bytes[start + i] as number;
    if ((byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte) !== word[i]) return false;
  }
  return true;
}

function codeSource(pairs: Pairs, row: number): number {
  if (pairs.type[row] !== stringType) return literal;
  const start = pairs.valueStart[row] as number;
  const end = pairs.valueEnd[row] as number;
  if (rangeEquals(pairs.bytes, start, end, okWord)) return okSource;
  return rangeEquals(pairs.bytes, start, end, errorWord) ? errorCodeSource : literal;
}

function ifText(pairs: Pairs, row: number, source: number): number {
  return pairs.type[row] === stringType ? source : literal;
}

function ifPlainText(pairs: Pairs, row: number, source: number): number {
  return pairs.odd[row] === true ? literal : ifText(pairs, row, source);
}

function isHttpError(pairs: Pairs, row: number, kind: number): boolean {
  const code = httpCode(pairs, row);
  if (code === undefined) return false;
  if (code >= 400 && code < 500) {
    if (kind === clientKind) return true;
    if (kind === serverKind) return false;
  }
  return !(code >= 100 && code < 399);
}

/** The value of an integer, or of a text that spells a 64-bit one. Rounded beyond 2^53. */
function httpCode(pairs: Pairs, row: number): number | undefined {
  const start = pairs.valueStart[row] as number;
  const end = pairs.valueEnd[row] as number;
  if (pairs.type[row] === intType) {
    return end === start ? 0 : Number(BigInt.asIntN(64, new Cursor(pairs.bytes, start, end).varint64()));
  }
  const [, sign, digits] = /^([+-]?)0*([0-9]{1,19})$/.exec(pairs.text(row)) ?? [];
  if (digits === undefined) return undefined;
  const value = BigInt(sign === "-" ? `-${digits}` : digits);
  return BigInt.asIntN(64, value) === value ? Number(value) : undefined;
}
