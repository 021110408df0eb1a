import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CandidateBatch, createCallLedger, type Fragment } from "../../src/engine.js";
import type { Dependency } from "../../src/index.js";
import { createMemoryEngine } from "../../src/memory/engine.js";
import { spansOf } from "../../src/otlp/groups.js";
import { encodeTraces } from "../../src/otlp.js";

const minute = 60_000_000_000n;

interface Call {
  readonly trace: number;
  readonly span: number;
  readonly parent: number;
  readonly service: number;
  readonly at: bigint;
}

const call: fc.Arbitrary<Call> = fc.record({
  trace: fc.integer({ min: 1, max: 6 }),
  span: fc.integer({ min: 1, max: 5 }),
  parent: fc.integer({ min: 0, max: 5 }),
  service: fc.integer({ min: 1, max: 3 }),
  at: fc.integer({ min: 0, max: 40 }).map((half) => (BigInt(half) * minute) / 2n),
});

const window = fc
  .tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }))
  .map(([from, length]) => ({
    startTimeUnixNano: BigInt(from) * minute,
    endTimeUnixNano: BigInt(from + length) * minute,
  }));

const step = fc.oneof(
  { weight: 4, arbitrary: fc.array(call, { minLength: 1, maxLength: 8 }).map((calls) => ({ calls })) },
  { weight: 4, arbitrary: window.map((query) => ({ query })) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 20 }).map((before) => ({ before: BigInt(before) * minute })),
  },
);

function encode(calls: readonly Call[]): Uint8Array {
  return encodeTraces({
    resourceSpans: calls.map(({ trace, span, parent, service, at }) => ({
      resource: { attributes: [{ key: "service.name", value: { stringValue: `s${service}` } }] },
      scopeSpans: [
        {
          spans: [
            {
              traceId: String(trace).padStart(32, "0"),
              spanId: String(span).padStart(16, "0"),
              ...(parent > 0 && { parentSpanId: String(parent).padStart(16, "0") }),
              name: "",
              startTimeUnixNano: at,
              endTimeUnixNano: at,
            },
          ],
        },
      ],
    })),
  });
}

const asText = (dependencies: readonly Dependency[]): string[] =>
  dependencies.map(({ parent, child, callCount }) => `${parent}>${child}:${callCount}`).sort();

describe("a ledger of calls", () => {
  it.each([
    [1, false],
    [10_000, false],
    [1, true],
    [10_000, true],
  ])(
    "counts like a full count (review after %i traces, knows whole traces: %s)",
    async (tracesPerReview, tellsWholeTraces) => {
      let answers = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 14 }),
          fc.integer({ min: 1, max: 3 }),
          async (steps, perWindow) => {
            const engine = createMemoryEngine();
            const written: { readonly traceId: string; readonly sequence: number }[] = [];
            let generation = 0;
            const newest = ({ encoded }: Fragment): bigint =>
              [...spansOf(encoded)].reduce((a, s) => (s.startTimeUnixNano > a ? s.startTimeUnixNano : a), 0n);
            const oldest = ({ encoded }: Fragment): bigint =>
              [...spansOf(encoded)].reduce(
                (a, s) => (s.startTimeUnixNano < a ? s.startTimeUnixNano : a),
                1n << 64n,
              );
            let fragmentsOf = new Map<string, number>();
            const ledger = createCallLedger(
              {
                ...(tellsWholeTraces && {
                  isWholeTrace: ({ traceId }: Fragment) => fragmentsOf.get(traceId) === 1,
                }),
                sequence: engine.sequence,
                fragments: engine.fragments,
                generation: async () => generation,
                async *tracesWritten(after, upTo) {
                  yield written
                    .filter(({ sequence }) => sequence > after && sequence <= upTo)
                    .map(({ traceId }) => traceId);
                },
                // Like engines, lists fragments by their newest span, some without a span in the range.
                async *candidates(search): AsyncGenerator<CandidateBatch, void> {
                  const all: Fragment[] = [];
                  for await (const { fragments } of engine.candidates(search)) all.push(...fragments);
                  fragmentsOf = new Map();
                  for (const { traceId } of all)
                    fragmentsOf.set(traceId, (fragmentsOf.get(traceId) ?? 0) + 1);
                  const listed = all
                    .filter((each) => oldest(each) <= search.startTimeMaxUnixNano)
                    .sort((a, b) => (newest(a) < newest(b) ? 1 : -1));
                  for (let at = 0; at < listed.length; at += perWindow) {
                    const next = listed[at + perWindow];
                    yield {
                      fragments: listed.slice(at, at + perWindow),
                      laterStartAtMostUnixNano: next === undefined ? 0n : newest(next),
                    };
                  }
                  // Engines may list too many candidates; none of these is needed.
                  const again = listed.filter((each) => oldest(each) > 0n);
                  yield { fragments: again, laterStartAtMostUnixNano: 0n };
                },
              },
              tracesPerReview,
            );
            for (const each of steps) {
              if ("calls" in each) {
                await engine.write(encode(each.calls));
                const sequence = await engine.sequence();
                for (const { trace } of each.calls)
                  written.push({ traceId: String(trace).padStart(32, "0"), sequence });
              } else if ("before" in each) {
                await engine.deleteBefore(each.before);
                generation++;
              } else {
                const expected = asText(await engine.dependencies(each.query));
                if (expected.length > 0) answers++;
                expect(asText(await ledger(each.query))).toEqual(expected);
              }
            }
          },
        ),
        { numRuns: 1000 },
      );
      expect(answers).toBeGreaterThan(100);
    },
  );

  it("ends a call whose signal fires while the ledger counts for another", async () => {
    const engine = createMemoryEngine();
    await engine.write(encode([{ trace: 1, span: 1, parent: 0, service: 1, at: 0n }]));
    const begun = Promise.withResolvers<void>();
    const found = Promise.withResolvers<void>();
    const ledger = createCallLedger({
      sequence: engine.sequence,
      fragments: engine.fragments,
      generation: async () => 0,
      async *tracesWritten() {},
      async *candidates(search) {
        begun.resolve();
        await found.promise;
        yield* engine.candidates(search);
      },
    });
    const everything = { startTimeUnixNano: 0n, endTimeUnixNano: 20n * minute };
    const first = ledger(everything);
    await begun.promise;
    const leaving = new AbortController();
    const second = ledger(everything, leaving.signal);
    leaving.abort();
    await expect(second).rejects.toMatchObject({ code: "ABORTED" });
    found.resolve();
    expect(await first).toEqual([]);
    expect(await ledger(everything)).toEqual([]);
  });
});
