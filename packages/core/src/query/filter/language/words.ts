/** A word is a run of letters, digits and combining marks. */
const word = /[\p{L}\p{Nd}\p{M}]+/gu;
const wholeWord = /^[\p{L}\p{Nd}\p{M}]+$/u;

/** The longest word that a filter may list, in UTF-16 units. */
export const maxWordLength = 255;

/** Whether a text is a single word, which `phrase` and `fulltext` demand. */
export function isWord(text: string): boolean {
  return text.length <= maxWordLength && wholeWord.test(text);
}

/** The words of a text, in order. */
export function splitWords(text: string): string[] {
  return text.match(word) ?? [];
}

/** The folded words of a stored text, in order. */
export function wordsIn(text: string): string[] {
  return splitWords(text).map(foldWord);
}

/**
 * Folds case by code point, independent of the locale. The way through upper case unites letters that share a capital: the two
 * Greek sigmas, the long s.
 */
export function foldWord(text: string): string {
  let folded = "";
  for (const char of text) folded += char.toUpperCase().toLowerCase();
  return folded;
}
