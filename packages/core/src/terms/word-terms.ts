import { wordsIn } from "../query/filter/language/words.js";
import type { Term } from "./term.js";
import type { TermList } from "./term-list.js";

/**
 * Terms of the words in attribute texts, for `phrase` and `fulltext`. They depend on neither key nor level, and have only
 * 18 bits of hash: the words of ids and numbers are nearly all different, and a distinct term costs an index a dozen bytes
 * where a shared one costs two. A search for a rare word thus finds a few fragments too many.
 */
const wordBits = 18;

const separator = 0;
const beyondAscii = 1;
/** For each byte of UTF-8: its folded letter, `separator`, or `beyondAscii` for a part of a longer character. */
const letters = new Uint8Array(256).map((_, byte) => {
  if (byte >= 128) return beyondAscii;
  const char = String.fromCharCode(byte);
  return /[0-9A-Za-z]/.test(char) ? char.toLowerCase().charCodeAt(0) : separator;
});

const hashStart = 0x811c9dc5;
const hashFactor = 0x01000193;

/** The term of a word that `foldWord` has folded. */
export function wordTerm(word: string): Term {
  let hash = hashStart;
  for (const byte of Buffer.from(word, "utf8")) hash = Math.imul(hash ^ byte, hashFactor);
  return termOfHash(hash);
}

/**
 * Adds the terms of the words of a string value. A text that is one folded word, as names and ids often are, adds none:
 * the term of the value covers it.
 */
export function addWordTerms(terms: TermList, text: Uint8Array, start: number, end: number): void {
  const { length } = terms;
  let hash = hashStart;
  let isInWord = false;
  let isOneFolded = true;
  for (let at = start; at < end; at++) {
    const byte = text[at] as number;
    const letter = letters[byte] as number;
    if (letter > beyondAscii) {
      hash = Math.imul(hash ^ letter, hashFactor);
      isInWord = true;
      if (letter !== byte) isOneFolded = false;
    } else if (letter === beyondAscii) {
      terms.length = length;
      addDecodedWords(terms, text, start, end);
      return;
    } else {
      isOneFolded = false;
      if (isInWord) {
        terms.push(termOfHash(hash));
        hash = hashStart;
        isInWord = false;
      }
    }
  }
  if (isInWord && !isOneFolded) terms.push(termOfHash(hash));
}

function addDecodedWords(terms: TermList, text: Uint8Array, start: number, end: number): void {
  const decoded = Buffer.from(text.buffer, text.byteOffset + start, end - start).toString("utf8");
  for (const word of new Set(wordsIn(decoded))) terms.push(wordTerm(word));
}

/** Puts the hash into both halves of the term, since sets use the lower bits and other code uses the upper ones. */
function termOfHash(hash: number): Term {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  const bucket = (mixed ^ (mixed >>> 12)) & ((1 << wordBits) - 1);
  return bucket * 2 ** (42 - wordBits) + bucket;
}
