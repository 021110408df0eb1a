import type { SpanChunk, SpanStore } from "@spanstore/core";
import type { SpanSource } from "./source.js";

/** A store gives fewer spans a page when they are large. */
const largestPage = 5_000;

/**
 * The spans of a store, by pages of its span search.
 * @param size the most spans of a page; windows cannot be smaller.
 */
export function storeSource(store: SpanStore, size = largestPage): SpanSource {
  const spansPerPage = Math.min(size, largestPage);
  return {
    async *read({ min, max }, signal) {
      for (let token: string | undefined = ""; token !== undefined; ) {
        const chunks: SpanChunk[] = [];
        const found = store.findSpans(
          {
            startTimeMinUnixNano: min,
            startTimeMaxUnixNano: max,
            page: { size: spansPerPage, ...(token !== "" && { token }) },
          },
          { signal },
        );
        for await (const chunk of found) chunks.push(chunk);
        if (chunks.length === 0) return;
        token = chunks.at(-1)?.nextPageToken;
        // Encoded TracesData, one behind the other, are one.
        yield { encoded: Buffer.concat(chunks.map(({ encoded }) => encoded)), unusable: [] };
      }
    },
  };
}
