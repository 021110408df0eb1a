/** A word is a run of letters, digits and combining marks. */
const word = /[\p{L}\p{Nd}\p{M}]+/gu;
const wholeWord = /^[\p{L}\p{Nd}\p{M}]+$/u;

/** Listed words longer than this, in UTF-16 units, are refused. */
export const maxWordLength = 255;

/** Whether a listed word is one: `phrase` and `fulltext` refuse anything else. */
export function isWord(text: string): boolean {
  return text.length <= maxWordLength && wholeWord.test(text);
}

/** The words of a text, in their order. */
export function splitWords(text: string): string[] {
  return text.match(word) ?? [];
}

/** The words of a stored text, folded, in their order. */
export function wordsIn(text: string): string[] {
  return splitWords(text).map(foldWord);
}

/**
 * Folds case, one code point at a time and by no locale. Going through upper case makes one of the
 * letters that share a capital: the two Greek sigmas, the long s.
 */
export function foldWord(text: string): string {
  let folded = "";
  for (const char of text) folded += char.toUpperCase().toLowerCase();
  return folded;
}
