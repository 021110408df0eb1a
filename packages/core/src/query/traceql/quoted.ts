import { TraceQlFault } from "./fault.js";

/** Reads and writes quoted texts and keys like Go's string literals. */

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

/** One escape, or consecutive escapes of single bytes. */
const escapeSequence =
  /((?:\\(?:x[\da-fA-F]{2}|[0-3][0-7]{2}))+)|\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|([abfnrtv\\"])|)/g;

/**
 * The text of a literal in double quotes.
 * @param at the start of the content in the text, for faults.
 * @throws TraceQlFault when an escape is not Go's, or bytes are no UTF-8.
 */
export function textOfQuoted(content: string, at: number): string {
  return content.replace(escapeSequence, (all: string, bytes, short, long, letter, offset: number) => {
    const range = { from: at + offset, to: at + offset + Math.max(all.length, 2) };
    if (letter !== undefined) return escapes[letter] as string;
    if (bytes !== undefined) return textOfBytes(bytes, range);
    const code = Number.parseInt(short ?? long, 16);
    const isScalar = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    if (isScalar) return String.fromCodePoint(code);
    throw new TraceQlFault(
      range,
      "this is no escape",
      'escapes are \\\\ \\" \\n \\r \\t \\a \\b \\f \\v \\x41 \\101 \\u0041 \\U00000041; between backticks a backslash is itself',
    );
  });
}

function textOfBytes(escaped: string, range: { from: number; to: number }): string {
  const bytes = (escaped.match(/\\(?:x..|\d{3})/g) ?? []).map((each) =>
    each[1] === "x" ? Number.parseInt(each.slice(2), 16) : Number.parseInt(each.slice(1), 8),
  );
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    throw new TraceQlFault(
      range,
      "these bytes are no UTF-8",
      "write the character itself, or \\u and its number",
    );
  }
}

/** The text of a literal in backticks: its content without carriage returns. */
export function textOfRaw(content: string): string {
  return content.replaceAll("\r", "");
}

/** A text as a literal in double quotes. */
export function quote(text: string): string {
  const escaped = text.replace(/["\\]|[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => {
    const [letter] = Object.entries(escapes).find(([, each]) => each === char) ?? [];
    if (letter !== undefined) return `\\${letter}`;
    const hex = (char.codePointAt(0) as number).toString(16);
    return hex.length > 4 ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

/** A pattern as a literal: in backticks when that saves escapes. */
export function quotePattern(pattern: string): string {
  return /["\\]/.test(pattern) && !/[`\p{Cc}\p{Cf}\u2028\u2029]/u.test(pattern)
    ? `\`${pattern}\``
    : quote(pattern);
}

/** The characters that end a bare key: Go's white space, and TraceQL's symbols. */
const keyEnd = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000{}()=~!<>&|^,";

/** A bare part of a key. */
export const bareKey = new RegExp(`[^"${keyEnd}]+`, "y");
/** A quoted part of a key; its only escapes are `\"` and `\\`. */
export const quotedKey = /"([^"\\]*(?:\\["\\][^"\\]*)*)"/y;

const wholeBareKey = new RegExp(`^[^"${keyEnd}\\p{Cc}\\p{Cf}]+$`, "u");

/** The spelling of a key after its level and dot. @param digitFirst whether a bare key may begin with a digit. */
export function quoteKey(key: string, digitFirst: boolean): string {
  const isBare = wholeBareKey.test(key) && (digitFirst || !/^\d/.test(key));
  return isBare ? key : `"${key.replace(/["\\]/g, "\\$&")}"`;
}
