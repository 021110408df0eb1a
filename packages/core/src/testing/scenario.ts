import assert from "node:assert/strict";
import fc from "fast-check";
import { isSpanStoreError } from "../errors/errors.js";
import type { Span, TracesData } from "../model/trace.js";
import type { SpanStore } from "../store/contract/span-store.js";
import { answerOf, largePage, type Question, walkSpans, walkTraceIds } from "./answers.js";
import { type Bulk, bulk, request, requestsOfBulk, time, traceIds } from "./arbitrary-data.js";
import { dependencyWindow, spanQuery, traceQuery } from "./arbitrary-query.js";
import { encodeRequest } from "./encode-request.js";

/** A step of a scenario. */
export type Step =
  | { readonly write: TracesData }
  | { readonly writeBulk: Bulk }
  /** Writes all earlier spans again in this many concurrent requests. */
  | { readonly replayIn: number }
  | { readonly deleteBefore: bigint }
  | { readonly question: Question }
  /** Reads pages and writes between them. */
  | { readonly walk: Question & { readonly ask: "tracePages" | "spans" }; readonly meanwhile: TracesData };

const pageSize = fc.constantFrom(1, 2, 3, 7, 50);

const question: fc.Arbitrary<Question> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      { ask: fc.constant("traces" as const), query: traceQuery, limit: fc.constantFrom(1, 2, 3, 5, 100) },
      { requiredKeys: ["ask", "query"] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ ask: fc.constant("tracePages" as const), query: traceQuery, pageSize }),
  },
  { weight: 3, arbitrary: fc.record({ ask: fc.constant("spans" as const), query: spanQuery, pageSize }) },
  { weight: 2, arbitrary: dependencyWindow.map((window) => ({ ask: "dependencies" as const, window })) },
  { weight: 1, arbitrary: fc.constant({ ask: "names" as const }) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        ask: fc.constant("byId" as const),
        traceIds: fc.array(fc.constantFrom(...traceIds), { maxLength: 4 }),
        spanLimit: fc.integer({ min: 1, max: 5 }),
      },
      { requiredKeys: ["ask", "traceIds"] },
    ),
  },
);

const walk = fc.record({
  walk: fc.oneof(
    fc.record({ ask: fc.constant("tracePages" as const), query: traceQuery, pageSize }),
    fc.record({ ask: fc.constant("spans" as const), query: spanQuery, pageSize }),
  ),
  meanwhile: request,
});

/** @param deletes whether `deleteBefore` is among the steps. */
export function scenario(deletes: boolean): fc.Arbitrary<Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: request.map((write) => ({ write })) },
    { weight: 2, arbitrary: bulk.map((writeBulk) => ({ writeBulk })) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }).map((replayIn) => ({ replayIn })) },
    { weight: deletes ? 1 : 0, arbitrary: time.map((deleteBefore) => ({ deleteBefore })) },
    { weight: 7, arbitrary: question.map((each) => ({ question: each })) },
    { weight: 2, arbitrary: walk },
  );
  return fc
    .tuple(request, fc.array(step, { minLength: 2, maxLength: 12, size: "large" }))
    .map(([write, steps]) => [{ write }, ...steps]);
}

/** The questions at the end of every scenario. */
const closingQuestions: readonly Question[] = [
  { ask: "traces", query: {} },
  { ask: "spans", query: {}, pageSize: 50 },
  { ask: "names" },
  { ask: "dependencies", window: { startTimeUnixNano: 0n, endTimeUnixNano: (1n << 64n) - 1n } },
  { ask: "byId", traceIds: [...traceIds].reverse() },
];

/** Plays the steps on both stores and asserts that `store` answers like `reference`. */
export async function play(steps: readonly Step[], store: SpanStore, reference: SpanStore): Promise<void> {
  const both = [store, reference];
  const written: TracesData[] = [];
  const write = async (traces: TracesData): Promise<void> => {
    written.push(traces);
    const encoded = encodeRequest(traces);
    for (const each of both) {
      const { accepted, rejected } = await each.write(encoded);
      assert.deepEqual({ accepted, rejected }, { accepted: spanCount(traces), rejected: [] });
    }
  };
  const ask = async (each: Question): Promise<void> => {
    const expected = await answerOf(reference, each);
    const actual = await answerOf(store, each);
    assert.deepEqual(actual, expected, `the answers differ to ${fc.stringify(each)}`);
  };

  for (const step of steps) {
    if ("write" in step) await write(step.write);
    else if ("writeBulk" in step) await Promise.all(requestsOfBulk(step.writeBulk).map(write));
    else if ("question" in step) await ask(step.question);
    else if ("walk" in step) await walkWhileWriting(store, step.walk, () => write(step.meanwhile));
    else if ("deleteBefore" in step)
      await Promise.all(both.map((each) => each.deleteBefore(step.deleteBefore)));
    else {
      const requests = recut(written, step.replayIn).map(encodeRequest);
      await Promise.all(both.flatMap((each) => requests.map((encoded) => each.write(encoded))));
    }
  }
  for (const each of closingQuestions) await ask(each);
}

/** Asserts that a walk returns everything stored at its start, once and in order. It may return later spans too. */
async function walkWhileWriting(
  store: SpanStore,
  { pageSize: size, ...of }: Question & { readonly ask: "tracePages" | "spans" },
  write: () => Promise<void>,
): Promise<void> {
  const walked = (pages: number, between?: (pagesRead: number) => Promise<void>): Promise<string[]> =>
    of.ask === "spans"
      ? walkSpans(store, of.query, pages, between)
      : walkTraceIds(store, of.query, pages, between);
  let before: string[];
  try {
    before = await walked(largePage);
  } catch (error) {
    // Other steps test refusals.
    if (isSpanStoreError(error)) return;
    throw error;
  }
  const during = await walked(size, async (pagesRead) => {
    if (pagesRead <= 2) await write();
  });
  assert.equal(new Set(during).size, during.length, "a walk returns an item twice");
  const known = new Set(before);
  const kept = during.filter((each) => known.has(each));
  assert.deepEqual(kept, before, "a walk while writing misses or reorders earlier items");
}

function spanCount({ resourceSpans }: TracesData): number {
  return resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans)
    .reduce((sum, { spans }) => sum + spans.length, 0);
}

/** Distributes all spans over several requests, each with its resource and scope. */
function recut(written: readonly TracesData[], requests: number): TracesData[] {
  const dealt: TracesData["resourceSpans"][number][][] = Array.from({ length: requests }, () => []);
  let turn = 0;
  for (const { resourceSpans } of written) {
    for (const { scopeSpans, ...resource } of resourceSpans) {
      for (const { spans, ...scope } of scopeSpans) {
        const hands = new Map<number, Span[]>();
        for (const span of spans) {
          const hand = turn++ % requests;
          hands.set(hand, [...(hands.get(hand) ?? []), span]);
        }
        for (const [hand, part] of hands) {
          dealt[hand]?.push({ ...resource, scopeSpans: [{ ...scope, spans: part }] });
        }
      }
    }
  }
  return dealt.map((resourceSpans) => ({ resourceSpans }));
}
