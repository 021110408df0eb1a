/**
 * The traces that a walk through candidates, newest first, has met and may meet again: a trace is forgotten once
 * everything that follows is older than all of it, so that a walk through any number of them takes little memory.
 */
export interface LiveTraces {
  readonly has: (traceId: string) => boolean;
  /**
   * @param oldestStartUnixNano of all its spans that the walk can meet.
   * @returns whether it is met for the first time.
   */
  readonly meet: (traceId: string, oldestStartUnixNano: bigint) => boolean;
  /** No span that started after this time matches and lies in what follows. */
  readonly goOn: (laterStartAtMostUnixNano: bigint) => void;
}

/** @param tracesPerReview a review looks through all traces once the set has grown by so many. */
export function createLiveTraces(tracesPerReview = 10_000): LiveTraces {
  const oldest = new Map<string, bigint>();
  let reviewAt = tracesPerReview;
  let bound: bigint | undefined;
  return {
    has: (traceId) => oldest.has(traceId),
    meet: (traceId, start) => {
      // The walk met it before and forgot it: the candidate has no match here.
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
