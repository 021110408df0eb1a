import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openMemoryStore } from "../../src/memory/index.js";
import { decodeTraces } from "../../src/otlp/decode.js";
import { encodeTraces } from "../../src/otlp/encode.js";
import { formatTraceQl } from "../../src/query/traceql/format.js";
import { parseTraceQl } from "../../src/query/traceql/parse-traceql.js";
import type { SpanStore } from "../../src/store/contract/span-store.js";
import { data, type Place, said } from "./text-oracle.js";

/** The ids of the spans that a search with the text finds. */
async function found(store: SpanStore, text: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { encoded } of store.findSpans({ filter: parseTraceQl(text) })) {
    for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
      for (const { spans } of scopeSpans) ids.push(...spans.map(({ spanId }) => spanId));
    }
  }
  return ids.sort();
}

function meant(places: readonly Place[], holds: (place: Place) => boolean): string[] {
  return places.filter(holds).map(({ span }) => span.spanId);
}

describe("a text", () => {
  it("finds the spans it means, and so does its filter written as text again", async () => {
    let some = 0;
    await fc.assert(
      fc.asyncProperty(
        data,
        fc.array(said, { minLength: 10, maxLength: 10 }),
        async ({ traces, places }, texts) => {
          const store = openMemoryStore();
          await store.write(encodeTraces(traces));
          for (const { text, holds } of texts) {
            const expected = meant(places, holds);
            if (expected.length > 0 && expected.length < places.length) some++;
            expect(await found(store, text), text).toEqual(expected);
            const again = formatTraceQl(parseTraceQl(text));
            expect(await found(store, again), `${text} as ${again}`).toEqual(expected);
          }
          await store.close();
        },
      ),
      { numRuns: 100 },
    );
    // Most searches match some spans and not others.
    expect(some).toBeGreaterThan(250);
  });
});
