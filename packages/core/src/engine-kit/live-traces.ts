import { oldestStartOf } from "../fragments/oldest-start.js";
import type { Fragment } from "../store/contract/engine.js";

/**
 * The traces that a walk through candidates, newest first, has met and may meet again: a trace is forgotten once
 * everything that follows is older than all of it, so that a walk through any number of them takes little memory.
 */
export interface LiveTraces {
  readonly has: (traceId: string) => boolean;
  /**
   * @param trace all its fragments that the walk can meet.
   * @returns whether it is met for the first time.
   */
  readonly meet: (trace: readonly Fragment[]) => boolean;
  /** No span that started after this time matches and lies in what follows. */
  readonly goOn: (laterStartAtMostUnixNano: bigint) => void;
}

/** @param tracesPerReview so many more than were left the last time are looked through. */
export function createLiveTraces(tracesPerReview = 10_000): LiveTraces {
  const oldest = new Map<string, bigint>();
  let reviewAt = tracesPerReview;
  let bound: bigint | undefined;
  return {
    has: (traceId) => oldest.has(traceId),
    meet: (trace) => {
      const [first] = trace;
      if (first === undefined) return false;
      const start = trace.map(({ encoded }) => oldestStartOf(encoded)).reduce((a, b) => (b < a ? b : a));
      // Listed though none of it matches here: it was met before, and forgotten.
      if (bound !== undefined && start > bound) return false;
      oldest.set(first.traceId, start);
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
