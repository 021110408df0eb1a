import { throwIfAborted } from "../../errors/errors.js";
import type { CandidateSearch, EngineReader, Fragment } from "../contract/engine.js";
import type { Reading } from "../contract/reading.js";
import { bytesOf } from "./assemble.js";
import { createLiveTraces } from "./live-traces.js";
import { uncounted } from "./read-budget.js";
import { createTurns } from "./turns.js";

const tracesPerBatch = 200;

/** A visited trace. Only its oldest start shows whether the walk met it before; see {@link createLiveTraces}. */
export interface VisitedTrace {
  /** The start of its oldest span that the walk can meet. */
  readonly oldestStartUnixNano: bigint;
  /** Called when the walk meets the trace for the first time. */
  readonly accept: () => void;
}

export interface TraceWalk extends CandidateSearch {
  /** Leaves out the fragments of later writes. */
  readonly upToSequence?: number | undefined;
  /** See {@link createLiveTraces}; for tests. */
  readonly tracesPerReview?: number | undefined;
  /** Counts the memory of the visitor; called before the walk visits a batch of candidates. */
  readonly holdVisited?: (() => Promise<void> | undefined) | undefined;
}

export interface WalkReader extends Pick<EngineReader, "candidates" | "fragments"> {
  /** Whether a listed fragment is its whole trace. An engine offers it where it costs less than reading the trace. */
  readonly isWholeTrace?: (fragment: Fragment) => boolean;
}

/** Visits each trace that may have a matching span in the range, with all its fragments, and accepts each trace once. */
export async function walkTraces(
  reader: WalkReader,
  walk: TraceWalk,
  visit: (trace: readonly Fragment[]) => VisitedTrace,
  signal: AbortSignal | undefined,
  reading: Reading = uncounted,
): Promise<void> {
  const { upToSequence = Number.POSITIVE_INFINITY, tracesPerReview, holdVisited, ...search } = walk;
  const hold = reading.part();
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
  for await (const { fragments, laterStartAtMostUnixNano } of reader.candidates(search, signal, reading)) {
    const room = hold(bytesOf(fragments));
    if (room !== undefined) await room;
    await holdVisited?.();
    const unread = new Set<string>();
    for (const fragment of fragments) {
      if (fragment.sequence > upToSequence || met.has(fragment.traceId) || unread.has(fragment.traceId))
        continue;
      if (reader.isWholeTrace?.(fragment)) await meet([fragment]);
      else unread.add(fragment.traceId);
    }
    for await (const trace of wholeTraces(reader, unread, signal, reading)) {
      await meet(trace.filter(({ sequence }) => sequence <= upToSequence));
    }
    met.goOn(laterStartAtMostUnixNano);
  }
  void hold(0);
}

/** Reads whole traces, one after the other. */
export async function* wholeTraces(
  reader: Pick<EngineReader, "fragments">,
  traceIds: Iterable<string>,
  signal: AbortSignal | undefined,
  reading: Reading = uncounted,
): AsyncGenerator<readonly Fragment[], void> {
  const ids = [...traceIds];
  const hold = reading.part();
  for (let at = 0; at < ids.length; at += tracesPerBatch) {
    let trace: Fragment[] = [];
    let bytes = 0;
    for await (const batch of reader.fragments(ids.slice(at, at + tracesPerBatch), signal, reading)) {
      const room = hold(bytes + bytesOf(batch));
      if (room !== undefined) await room;
      for (const fragment of batch) {
        if (trace.length > 0 && trace[0]?.traceId !== fragment.traceId) {
          yield trace;
          trace = [];
          bytes = 0;
        }
        trace.push(fragment);
        bytes += fragment.encoded.length;
      }
    }
    if (trace.length > 0) yield trace;
  }
  void hold(0);
}
