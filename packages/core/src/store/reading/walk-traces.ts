import { throwIfAborted } from "../../errors/errors.js";
import type { CandidateSearch, EngineReader, Fragment } from "../contract/engine.js";
import { createLiveTraces } from "./live-traces.js";
import { createTurns } from "./turns.js";

const tracesPerBatch = 200;

/** What a visitor finds in a trace before it is known whether the walk has met that trace. */
export interface VisitedTrace {
  readonly oldestStartUnixNano: bigint;
  /** Called when the walk meets the trace for the first time. */
  readonly accept: () => void;
}

export interface TraceWalk extends CandidateSearch {
  /** Leaves out the fragments of later writes. */
  readonly upToSequence?: number | undefined;
  /** See {@link createLiveTraces}; for tests. */
  readonly tracesPerReview?: number | undefined;
}

export interface WalkReader extends Pick<EngineReader, "candidates" | "fragments"> {
  /** Whether a fragment that was just listed is its whole trace, where that costs less than reading the trace. */
  readonly isWholeTrace?: (fragment: Fragment) => boolean;
}

/** Visits every trace that may have a matching span in the range once, with all its fragments. */
export async function walkTraces(
  reader: WalkReader,
  walk: TraceWalk,
  visit: (trace: readonly Fragment[]) => VisitedTrace,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { upToSequence = Number.POSITIVE_INFINITY, tracesPerReview, ...search } = walk;
  const turns = createTurns();
  const met = createLiveTraces(tracesPerReview);
  const meet = async (trace: readonly Fragment[]): Promise<void> => {
    const [first] = trace;
    if (first === undefined) return;
    const { oldestStartUnixNano, accept } = visit(trace);
    if (met.meet(first.traceId, oldestStartUnixNano)) accept();
    const turn = turns();
    if (turn === undefined) return;
    await turn;
    throwIfAborted(signal);
  };
  for await (const { fragments, laterStartAtMostUnixNano } of reader.candidates(search, signal)) {
    const unread = new Set<string>();
    for (const fragment of fragments) {
      if (fragment.sequence > upToSequence || met.has(fragment.traceId) || unread.has(fragment.traceId))
        continue;
      if (reader.isWholeTrace?.(fragment)) await meet([fragment]);
      else unread.add(fragment.traceId);
    }
    for await (const trace of wholeTraces(reader, unread, signal)) {
      await meet(trace.filter(({ sequence }) => sequence <= upToSequence));
    }
    met.goOn(laterStartAtMostUnixNano);
  }
}

/** Whole traces, one after the other. */
export async function* wholeTraces(
  reader: Pick<EngineReader, "fragments">,
  traceIds: Iterable<string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Fragment[], void> {
  const ids = [...traceIds];
  for (let at = 0; at < ids.length; at += tracesPerBatch) {
    let trace: Fragment[] = [];
    for await (const batch of reader.fragments(ids.slice(at, at + tracesPerBatch), signal)) {
      for (const fragment of batch) {
        if (trace.length > 0 && trace[0]?.traceId !== fragment.traceId) {
          yield trace;
          trace = [];
        }
        trace.push(fragment);
      }
    }
    if (trace.length > 0) yield trace;
  }
}
