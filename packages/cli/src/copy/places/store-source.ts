import type { SpanChunk, SpanStore } from "@spanstore/core";
import type { SpanSource } from "./source.js";

/** Of spans that are large a store gives fewer. */
const largestPage = 5_000;

/**
 * The spans of a store, by pages of its span search.
 * @param size of a page at most, which windows cannot be smaller than.
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
