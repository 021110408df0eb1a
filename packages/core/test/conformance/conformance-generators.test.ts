import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSpanStoreError } from "../../src/errors/errors.js";
import { openMemoryStore } from "../../src/memory/index.js";
import { spansOf } from "../../src/otlp/groups.js";
import type { FilterCall } from "../../src/query/filter/language/ast.js";
import { compilePredicate } from "../../src/query/filter/match/matcher.js";
import { resolveFilter } from "../../src/query/filter/resolve/resolve.js";
import { answerOf } from "../../src/testing/answers.js";
import { request } from "../../src/testing/arbitrary-data.js";
import { filter } from "../../src/testing/arbitrary-filter.js";
import { spanQuery, traceQuery } from "../../src/testing/arbitrary-query.js";
import { encodeRequest } from "../../src/testing/encode-request.js";

/** The parts of a filter: operators, levels, fields and types. */
function partsOf(call: FilterCall): string[] {
  return [
    call.op,
    ...call.args.flatMap((arg): string[] => {
      if ("call" in arg) return partsOf(arg.call);
      if ("attr" in arg) return [`attr@${arg.attr.level ?? "none"}`];
      if ("field" in arg) return [`${arg.field.level}.${arg.field.name}`];
      if ("nested" in arg) return [`some@${arg.nested.level}`];
      return "scalar" in arg ? [`scalar:${arg.scalar.type ?? "any"}`] : [];
    }),
  ];
}

const seed = 20231114;

describe("the generators of the conformance suite", () => {
  it("make filters from every part that match some spans and not others", () => {
    const held = new Map<string, number>();
    const failed = new Map<string, number>();
    let refused = 0;
    const runs = 4000;
    const spans = fc
      .sample(request, { numRuns: 40, seed })
      .flatMap((each) => [...spansOf(encodeRequest(each))]);
    for (const each of fc.sample(filter, { numRuns: runs, seed })) {
      try {
        const matching = spans.filter(compilePredicate(resolveFilter(each))).length;
        const counts = matching === 0 ? failed : matching < spans.length ? held : undefined;
        for (const part of new Set(partsOf(each))) counts?.set(part, (counts.get(part) ?? 0) + 1);
      } catch (error) {
        if (!isSpanStoreError(error)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(runs / 200);
    expect(refused).toBeLessThan(runs / 10);
    const parts = new Set([...held.keys(), ...failed.keys()]);
    // 16 operators, 6 places of attributes, 22 fields, 2 nested levels, 5 types.
    expect([...parts].sort()).toHaveLength(16 + 6 + 22 + 2 + 5);
    const rare = [...parts].filter((part) => (held.get(part) ?? 0) < 10);
    expect(rare).toEqual([]);
  });

  it("make searches that often find some spans but not all", async () => {
    const counts = { nothing: 0, something: 0, everything: 0 };
    const property = fc.asyncProperty(
      fc.array(request, { minLength: 2, maxLength: 5 }),
      fc.array(traceQuery, { minLength: 3, maxLength: 3 }),
      fc.array(spanQuery, { minLength: 3, maxLength: 3 }),
      async (data, traceQueries, spanQueries) => {
        const store = openMemoryStore();
        for (const traces of data) await store.write(encodeRequest(traces));
        const sizeOf = async (question: Parameters<typeof answerOf>[1]): Promise<number> => {
          const answer = await answerOf(store, question);
          if (Array.isArray(answer)) return answer.length;
          return ((answer as { ids?: unknown[] }).ids ?? []).length;
        };
        const traces = await sizeOf({ ask: "traces", query: {} });
        const spans = await sizeOf({ ask: "spans", query: {}, pageSize: 1000 });
        const note = (found: number, all: number): void => {
          counts[found === 0 ? "nothing" : found < all ? "something" : "everything"]++;
        };
        for (const query of traceQueries) note(await sizeOf({ ask: "traces", query }), traces);
        for (const query of spanQueries) note(await sizeOf({ ask: "spans", query, pageSize: 1000 }), spans);
      },
    );
    await fc.assert(property, { numRuns: 150, seed });
    expect(counts.nothing).toBeGreaterThan(90);
    expect(counts.something).toBeGreaterThan(200);
  });
});
