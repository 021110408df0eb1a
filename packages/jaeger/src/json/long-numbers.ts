import { randomUUID } from "node:crypto";

/** Finds whole numbers that JSON.parse may round: 16 digits from 9 × 10^15 on, and longer ones. */
const mayBeLong = /[:[,]\s*-?(?:9\d{15}|\d{17,})/;
const quote = 0x22;
const backslash = 0x5c;
const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;

/** Random, so that no text of a document begins with it. */
const mark = `${randomUUID()}:`;

/** JSON.parse that gives whole numbers beyond a double's exact range as bigints. */
export function parseWithLongNumbers(text: string): unknown {
  if (!mayBeLong.test(text)) return JSON.parse(text);
  return unmarked(JSON.parse(marked(text)));
}

/** Turns long whole numbers into strings that begin with the mark. */
function marked(text: string): string {
  let result = "";
  let taken = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at + 1);
    } else if (code === minus || isDigit(code)) {
      const end = endOfNumber(text, at + 1);
      if (isLong(text, at, end)) {
        result += `${text.slice(taken, at)}"${mark}${text.slice(at, end)}"`;
        taken = end;
      }
      at = end;
    } else {
      at++;
    }
  }
  return result + text.slice(taken);
}

function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at;
    while (text.charCodeAt(before - 1) === backslash) before--;
    if ((at - before) % 2 === 0) return at + 1;
  }
  return text.length;
}

function endOfNumber(text: string, start: number): number {
  let at = start;
  while (at < text.length && /[0-9.eE+-]/.test(text.charAt(at))) at++;
  return at;
}

function isLong(text: string, start: number, end: number): boolean {
  const number = text.slice(start, end);
  return /^-?\d{16,}$/.test(number) && !Number.isSafeInteger(Number(number));
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}

function unmarked(value: unknown): unknown {
  if (typeof value === "string") return value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value;
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, unmarked(each)]));
}
