import { Buffer } from "node:buffer";
import { putSpan, timeBase } from "../../data/encode.js";
import { spansPerTrace } from "../../data/flows.js";
import type { Query } from "../../data/questions/queries.js";
import { ageOf, createDraft, type DataSet, draftTrace, hexWord } from "../../data/trace.js";
import { spansOf } from "../../wire/answers.js";
import { createWriter } from "../../wire/writer.js";

/** How the answers to one kind of search compare with what the generator knows. */
export interface Agreement {
  readonly asked: number;
  /** The same traces in the same order. */
  readonly exact: number;
  /** The same traces in some order. */
  readonly sameSet: number;
  /** As many traces as expected. */
  readonly sameCount: number;
  /** Share of the expected traces that were answered. */
  readonly overlap: number;
}

export function compareIds(
  answers: readonly (readonly string[])[],
  expected: readonly (readonly string[])[],
): Agreement {
  let exact = 0;
  let sameSet = 0;
  let sameCount = 0;
  let common = 0;
  let wanted = 0;
  for (const [index, answer] of answers.entries()) {
    const truth = expected[index] ?? [];
    const given = new Set(answer);
    const shared = truth.filter((id) => given.has(id)).length;
    common += shared;
    wanted += truth.length;
    if (answer.length === truth.length) sameCount++;
    if (shared === truth.length && given.size === truth.length) {
      sameSet++;
      if (answer.every((id, at) => id === truth[at])) exact++;
    }
  }
  return { asked: answers.length, exact, sameSet, sameCount, overlap: wanted === 0 ? 1 : common / wanted };
}

/** Whether every answered trace is one of the data set's (or newer) and has a span that matches. */
export function allMatch(set: DataSet, query: Query, ids: readonly string[]): boolean {
  const draft = createDraft();
  return ids.every((id) => {
    const age = ageOf(set, id);
    if (age === undefined) return false;
    draftTrace(set, age, draft);
    for (let i = 0; i < spansPerTrace; i++) if (query.matches(draft, i)) return true;
    return false;
  });
}

export interface TraceAgreement {
  /** Exactly the spans that were written, by span id. */
  readonly whole: boolean;
  /** Each of them byte for byte as it was written. */
  readonly identical: boolean;
}

/** Compares answered traces with the spans that were written for them. */
export function compareTraces(
  set: DataSet,
  ages: readonly number[],
  messages: readonly Uint8Array[],
): TraceAgreement {
  const draft = createDraft();
  const base = timeBase(set.endNano);
  const wanted = new Map<string, string>();
  for (const age of ages) {
    draftTrace(set, age, draft);
    for (let i = 0; i < spansPerTrace; i++) {
      const writer = createWriter(2048);
      putSpan(writer, draft, i, base);
      const id = hexWord(draft.spanId[2 * i] as number) + hexWord(draft.spanId[2 * i + 1] as number);
      // Behind ScopeSpans' tag and two bytes of length stands what a server gives back.
      wanted.set(id, Buffer.from(writer.bytes.subarray(3, writer.length)).toString("latin1"));
    }
  }
  const given = spansOf(messages);
  const ids = new Set(given.map(({ id }) => id));
  const whole =
    given.length === wanted.size && ids.size === wanted.size && given.every(({ id }) => wanted.has(id));
  return { whole, identical: whole && given.every(({ id, bytes }) => wanted.get(id) === bytes) };
}
