import type { SpanChunk, SpanStore } from "@spanstore/core";
import type { SpanSource } from "./source.js";

/** Pages of large spans have fewer: the store bounds their bytes. */
const largestPage = 5_000;

/**
 * Reads the spans of a store by pages of its span search.
 * @param size the most spans of a page. A window has at least one page.
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
        // Concatenated TracesData are one TracesData.
        yield { encoded: Buffer.concat(chunks.map(({ encoded }) => encoded)), unusable: [] };
      }
    },
  };
}
