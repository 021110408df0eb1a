import type { Term, TermSet } from "@spanstore/core/engine";

/** The digits of a term as a word of the index: seven of 64 values, for its 42 bits. */
const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const codes = Buffer.from(digits, "latin1");
const wordLength = 7;
const half = 0x200000;
const space = 0x20;

function put(out: Uint8Array, at: number, term: Term): void {
  const low = term % half;
  const high = (term - low) / half;
  out[at] = codes[high >>> 15] as number;
  out[at + 1] = codes[(high >>> 9) & 63] as number;
  out[at + 2] = codes[(high >>> 3) & 63] as number;
  out[at + 3] = codes[((high & 7) << 3) | (low >>> 18)] as number;
  out[at + 4] = codes[(low >>> 12) & 63] as number;
  out[at + 5] = codes[(low >>> 6) & 63] as number;
  out[at + 6] = codes[low & 63] as number;
}

/** The word of a term. */
export function wordOf(term: Term): string {
  const word = Buffer.allocUnsafe(wordLength);
  put(word, 0, term);
  return word.toString("latin1");
}

/** The words of a fragment's terms, separated by spaces. */
export function wordsOf(terms: TermSet): string {
  if (terms.size === 0) return "";
  const words = Buffer.allocUnsafe(terms.size * (wordLength + 1));
  let at = 0;
  terms.forEach((term) => {
    put(words, at, term);
    words[at + wordLength] = space;
    at += wordLength + 1;
  });
  return words.toString("latin1", 0, at - 1);
}
