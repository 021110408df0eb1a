import { type ErrorCode, SpanStoreError } from "../../errors/errors.js";

/** A part of a text: offsets in UTF-16 units, the end exclusive. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A fault at a place of a text; `errorOfFault` turns it into the caller's error. */
export class TraceQlFault extends Error {
  constructor(
    readonly range: Range,
    message: string,
    /** What to write instead. */
    readonly hint: string | undefined = undefined,
    readonly code: ErrorCode = "INVALID_QUERY",
  ) {
    super(message);
  }
}

/** The caller's error, with line, column, and the line with carets under the place. */
export function errorOfFault(fault: TraceQlFault, text: string, path: string): SpanStoreError {
  const { from, to } = fault.range;
  const before = text.slice(0, from);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.split("\n").length;
  const column = lengthOf(before.slice(lineStart)) + 1;
  const message = `${path}, line ${line}, column ${column}: ${fault.message}\n${excerptOf(text, lineStart, fault.range)}`;
  return new SpanStoreError(fault.code, message, {
    field: path,
    hint: fault.hint,
    position: { offset: from, length: to - from, line, column },
  });
}

/** An excerpt shows this much of a long line on either side of the place. */
const shownUnits = 60;

function excerptOf(text: string, lineStart: number, { from, to }: Range): string {
  const lineEnd = text.indexOf("\n", from);
  const end = Math.min(lineEnd < 0 ? text.length : lineEnd, from + shownUnits);
  const start = Math.max(lineStart, from - shownUnits);
  const before = (start > lineStart ? "\u2026 " : "") + printable(text.slice(start, from));
  const rest = printable(text.slice(from, end).replace(/\r$/, ""));
  const marked = Math.max(1, lengthOf(printable(text.slice(from, Math.min(to, end)))));
  return `  ${before}${rest}\n  ${before.replace(/[^\t]/gu, " ")}${"^".repeat(marked)}`;
}

/** Replaces characters that are invisible or control a terminal by U+FFFD. */
function printable(text: string): string {
  return text.replace(/(?!\t)[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "\ufffd");
}

function lengthOf(text: string): number {
  return [...text].length;
}
