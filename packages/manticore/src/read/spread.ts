import { isSpanStoreError, type RejectedSpan, type WriteResult } from "@spanstore/core";
import { splitByTrace, type WatchedTerms } from "@spanstore/core/engine";
import { maxExtentMillis } from "./fragments.js";

export type Write = (
  encoded: Uint8Array,
  signal?: AbortSignal,
  watched?: WatchedTerms,
) => Promise<WriteResult>;

/** How long writes avoid a place after it did not take one. */
const awayMillis = 10_000;

/**
 * Writes to several places. A trace's id decides its place, so a repeated write goes to the same place. While that
 * place is away, the next one takes the spans. If the first kept some of them, reads still return each span once.
 * @param timeoutMillis after this time a failure is thrown instead of trying another place.
 */
export function spreadWrites(writers: readonly [Write, ...Write[]], timeoutMillis: number): Write {
  if (writers.length === 1) return writers[0];
  const awayUntil = writers.map(() => 0);

  /** Tries the places in turn; places known to be away come last. */
  const writeFrom = async (
    first: number,
    encoded: Uint8Array,
    signal: AbortSignal | undefined,
    watched: WatchedTerms | undefined,
  ): Promise<WriteResult> => {
    const turn = writers.map((_, i) => (first + i) % writers.length);
    const now = Date.now();
    const isAway = (place: number): boolean => (awayUntil[place] ?? 0) > now;
    const order = [...turn.filter((place) => !isAway(place)), ...turn.filter(isAway)];
    let failure: unknown;
    const until = performance.now() + timeoutMillis;
    for (const place of order) {
      try {
        const result = await (writers[place] as Write)(encoded, signal, watched);
        awayUntil[place] = 0;
        return result;
      } catch (error) {
        if (!isSpanStoreError(error) || error.code !== "STORE_UNAVAILABLE") throw error;
        awayUntil[place] = Date.now() + awayMillis;
        failure ??= error;
        if (performance.now() >= until) break;
      }
    }
    throw failure;
  };

  return async (encoded, signal, watched) => {
    const { fragments, rejected, spanCount } = splitByTrace(encoded, { maxExtentMillis });
    const parts = writers.map((): Uint8Array[] => []);
    for (const { traceId, encoded: own } of fragments) parts[placeOf(traceId, writers.length)]?.push(own);
    const written = await Promise.all(
      parts.map(async (own, place) =>
        // Encoded requests one after the other are one request.
        own.length === 0 ? undefined : writeFrom(place, Buffer.concat(own), signal, watched),
      ),
    );
    const result = { accepted: spanCount, rejected: rejected satisfies readonly RejectedSpan[] };
    if (watched === undefined) return result;
    return { ...result, watched: written.flatMap((each) => each?.watched ?? []) };
  };
}

/** Hashes the id: ids may be sequential, or random only in some of their bytes. */
function placeOf(traceId: Uint8Array, places: number): number {
  let hash = 0x811c9dc5;
  for (const byte of traceId) hash = Math.imul(hash ^ byte, 0x01000193);
  hash ^= hash >>> 15;
  return (hash >>> 0) % places;
}
