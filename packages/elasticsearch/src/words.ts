import { Cursor, type Predicate } from "@spanstore/core";

/**
 * Words of attributes' texts, for `phrase` and `fulltext`. They are kept apart by neither key nor level, and by 18 bits
 * of a hash: a word too many is a candidate too many, and costs a byte or two where a word of its own would cost a
 * dozen. Texts with anything beyond ASCII are not taken apart: their fragment is a candidate for every word.
 */
const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const hashBits = 18;
const hashMask = (1 << hashBits) - 1;

/** Stands for texts beyond ASCII. */
const anyWord = "w";

/** Field numbers on the way from a TracesData to the attributes of resources, scopes, spans, events and links. */
interface Message {
  readonly attributes?: number;
  readonly inner?: Readonly<Record<number, Message>>;
}
const event: Message = { attributes: 3 };
const link: Message = { attributes: 4 };
const span: Message = { attributes: 9, inner: { 11: event, 13: link } };
const scopeSpans: Message = { inner: { 1: { attributes: 3 }, 2: span } };
const resourceSpans: Message = { inner: { 1: { attributes: 1 }, 2: scopeSpans } };
const tracesData: Message = { inner: { 1: resourceSpans } };

/** The index's words of a fragment, with spaces between. */
export function textWordsOf(encoded: Uint8Array): string {
  const hashes = new Set<number>();
  addMessage(hashes, tracesData, encoded, 0, encoded.length);
  let words = "";
  for (const hash of hashes) words += words === "" ? wordOf(hash) : ` ${wordOf(hash)}`;
  return words;
}

/** Beyond every hash of a word. */
const beyondAscii = hashMask + 1;

function wordOf(hash: number): string {
  if (hash === beyondAscii) return anyWord;
  return `${anyWord}${digits[hash >>> 12]}${digits[(hash >>> 6) & 63]}${digits[hash & 63]}`;
}

function addMessage(
  hashes: Set<number>,
  message: Message,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const cursor = new Cursor(bytes, start, end);
  while (cursor.pos < end) {
    const tag = cursor.tag();
    const field = tag >>> 3;
    const inner = message.inner?.[field];
    if (field === message.attributes) {
      const fieldEnd = cursor.lengthEnd();
      addAttribute(hashes, bytes, cursor.pos, fieldEnd);
      cursor.pos = fieldEnd;
    } else if (inner !== undefined) {
      const fieldEnd = cursor.lengthEnd();
      addMessage(hashes, inner, bytes, cursor.pos, fieldEnd);
      cursor.pos = fieldEnd;
    } else {
      cursor.skip(tag);
    }
  }
}

/** A KeyValue: 1 the key, 2 the value, of which 1 is a text. */
function addAttribute(hashes: Set<number>, bytes: Uint8Array, start: number, end: number): void {
  const attribute = new Cursor(bytes, start, end);
  while (attribute.pos < end) {
    const tag = attribute.tag();
    if (tag >>> 3 !== 2) {
      attribute.skip(tag);
      continue;
    }
    const valueEnd = attribute.lengthEnd();
    const value = new Cursor(bytes, attribute.pos, valueEnd);
    while (value.pos < valueEnd) {
      const valueTag = value.tag();
      if (valueTag >>> 3 !== 1) {
        value.skip(valueTag);
        continue;
      }
      const textEnd = value.lengthEnd();
      addText(hashes, bytes, value.pos, textEnd);
      value.pos = textEnd;
    }
    attribute.pos = valueEnd;
  }
}

const seed = 0x811c9dc5;

/** Words are runs of letters and digits, without regard to case. */
function addText(hashes: Set<number>, bytes: Uint8Array, start: number, end: number): void {
  let hash = seed;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x80) {
      hashes.add(beyondAscii);
      return;
    }
    const letter = letters[byte] as number;
    if (letter !== 0) {
      hash = Math.imul(hash ^ letter, 0x01000193);
    } else if (hash !== seed) {
      hashes.add(finished(hash));
      hash = seed;
    }
  }
  if (hash !== seed) hashes.add(finished(hash));
}

/** Of each byte of ASCII: the letter or digit, small, or 0. */
const letters = Uint8Array.from({ length: 0x80 }, (_, byte) =>
  /[a-z0-9]/i.test(String.fromCharCode(byte)) ? String.fromCharCode(byte).toLowerCase().charCodeAt(0) : 0,
);

function finished(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) & hashMask;
}

/**
 * For each word that the texts of every match must have: the index's words of which a fragment must have one. It
 * may ask for too little, never for too much.
 */
export function requiredTextWords(predicate: Predicate): string[][] {
  switch (predicate.op) {
    case "and":
      return predicate.args.flatMap(requiredTextWords);
    case "some":
      return requiredTextWords(predicate.arg);
    case "phrase":
    case "fulltext":
      return predicate.words.flatMap((word) => {
        // Beyond ASCII there are words that are the same as one within it but for case.
        if (!/^[a-z0-9]+$/i.test(word)) return [];
        const hashes = new Set<number>();
        const bytes = Buffer.from(word, "latin1");
        addText(hashes, bytes, 0, bytes.length);
        return [[...Array.from(hashes, wordOf), anyWord]];
      });
    default:
      return [];
  }
}
