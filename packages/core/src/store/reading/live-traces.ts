/**
 * The traces that a walk through candidates, newest first, has met and may meet again. It forgets a trace once all later
 * candidates are older than the whole trace, so a walk through any number of traces takes little memory.
 */
export interface LiveTraces {
  readonly has: (traceId: string) => boolean;
  /**
   * Adds a trace.
   * @param oldestStartUnixNano of its spans that the walk can meet.
   * @returns whether the walk meets the trace for the first time.
   */
  readonly meet: (traceId: string, oldestStartUnixNano: bigint) => boolean;
  /** Called after each batch: no later batch has a matching span that started after this time. */
  readonly goOn: (laterStartAtMostUnixNano: bigint) => void;
}

/** @param tracesPerReview looks for traces to forget each time that the set has grown by this many. */
export function createLiveTraces(tracesPerReview = 10_000): LiveTraces {
  const oldest = new Map<string, bigint>();
  let reviewAt = tracesPerReview;
  let bound: bigint | undefined;
  return {
    has: (traceId) => oldest.has(traceId),
    meet: (traceId, start) => {
      // All its spans belong to earlier batches, so the walk met the trace before and forgot it.
      if (bound !== undefined && start > bound) return false;
      oldest.set(traceId, start);
      return true;
    },
    goOn: (laterStartAtMostUnixNano) => {
      bound = laterStartAtMostUnixNano;
      if (oldest.size < reviewAt) return;
      for (const [traceId, start] of oldest) if (start > bound) oldest.delete(traceId);
      reviewAt = oldest.size + tracesPerReview;
    },
  };
}
