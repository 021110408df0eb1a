import {
  candidatesFor,
  namesFor,
  type TraceQlCandidate,
  type TraceQlNames,
  type WantedNames,
} from "./candidates.js";
import { type Cursor, createCursor, type Expected } from "./cursor.js";
import { TraceQlFault } from "./fault.js";
import { skipSpace, type Token, tokenAt } from "./lexer.js";
import { parseSpansetFilter } from "./parser.js";
import { bareKey } from "./quoted.js";

export interface TraceQlCompletion {
  /** The range that a candidate replaces: offsets in UTF-16 units, the end excluded. */
  readonly from: number;
  readonly to: number;
  /** In the order of the offer; empty when the text before the offset is wrong. */
  readonly candidates: readonly TraceQlCandidate[];
  readonly wanted?: WantedNames;
}

/**
 * Completes an unfinished text at an offset with fields, keys, values and operators. Uses the parser's own grammar and ignores
 * the text after the offset.
 *
 * `names` is plain data, so that a shell can complete synchronously. A page completes without names first, fetches `wanted`
 * from its server, and completes again.
 * @param offset in UTF-16 units, clamped to the text.
 */
export function completeTraceQl(text: string, offset: number, names: TraceQlNames = {}): TraceQlCompletion {
  const place = Math.min(Math.max(Math.trunc(offset) || 0, 0), text.length);
  const head = text.slice(0, place);
  const start = startOfLast(head);
  if (start === undefined) return { from: place, to: place, candidates: [] };
  const begun = completeFrom(head, start, names);
  // After a complete token, offers the next one.
  const isComplete = begun.candidates.every((candidate) => candidate.text === head.slice(start));
  if (start === place || !isComplete) return { ...begun, to: endOf(text, start, place) };
  return {
    ...completeFrom(head, place, names),
    ...(begun.wanted === undefined ? {} : { wanted: begun.wanted }),
  };
}

/** Completes a text whose unfinished last token begins at `from`. */
function completeFrom(head: string, from: number, names: TraceQlNames): TraceQlCompletion {
  const typed = head.slice(from);
  const expected = expectedAt(head.slice(0, from));
  const [wanted] = expected.flatMap((each) => namesFor(each, typed) ?? []);
  return {
    from,
    to: head.length,
    candidates: expected.flatMap((each) => candidatesFor(each, typed, names)),
    ...(wanted === undefined ? {} : { wanted }),
  };
}

/** What the parser expects at the end of a text. */
function expectedAt(text: string): readonly Expected[] {
  let cursor: Cursor | undefined;
  try {
    cursor = createCursor(text);
    parseSpansetFilter(cursor);
  } catch (error) {
    if (!(error instanceof TraceQlFault)) throw error;
    if (cursor?.token.kind === "end") return cursor.expected;
  }
  return [];
}

/** The start of the token that touches the end of a text; the end when none does; undefined where no token can be. */
function startOfLast(text: string): number | undefined {
  let before: Token | undefined;
  for (let at = 0; ; ) {
    const from = skipSpace(text, at);
    if (from === text.length) return /\/\/[^\n]*$/.test(text.slice(at)) ? undefined : from;
    let token: Token;
    try {
      token = tokenAt(text, from);
    } catch (error) {
      // An unfinished token, such as a text without its closing quote.
      if (!(error instanceof TraceQlFault)) throw error;
      return /["`.&\p{L}]/u.test(text.charAt(from)) ? from : undefined;
    }
    if (token.to === text.length && canGrow(token)) {
      // A level and its key count as one.
      const isKey = token.kind === "attribute" && before?.kind === "word" && before.to === from;
      return isKey ? before?.from : from;
    }
    before = token;
    at = token.to;
  }
}

function canGrow(token: Token): boolean {
  if (token.kind === "operator") return token.text === "!" || token.text === "|";
  return token.kind === "word" || token.kind === "attribute" || token.kind === "field";
}

/** The end of the replaced token, including its part after the offset. */
function endOf(text: string, start: number, place: number): number {
  if (start === place) return place;
  try {
    const { to } = tokenAt(text, start);
    // An unclosed text would reach to the next quote. Then the rest has no tokens, and this throws.
    for (let token = tokenAt(text, to); token.kind !== "end"; ) token = tokenAt(text, token.to);
    return Math.max(to, place);
  } catch (error) {
    if (!(error instanceof TraceQlFault)) throw error;
    bareKey.lastIndex = place;
    const isQuoted = /["`]/.test(text.slice(start, place));
    return isQuoted ? place : place + (bareKey.exec(text)?.[0].length ?? 0);
  }
}
