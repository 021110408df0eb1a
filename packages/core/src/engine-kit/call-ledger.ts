import { throwIfAborted } from "../errors/errors.js";
import type { Predicate } from "../query/filter/language/predicate.js";
import type { EngineReader, Fragment } from "../store/contract/engine.js";
import type { Dependency, DependencyQuery } from "../store/contract/span-store.js";
import { callsOfTrace, type ServiceCall, scanCalls } from "../store/reading/dependencies.js";
import { createTurns } from "../store/reading/turns.js";
import { bucketStart, type CallBuckets, createCallBuckets } from "./call-buckets.js";
import { createLiveTraces } from "./live-traces.js";

/** What a ledger of calls has to know of an engine. */
export interface CallSource extends Pick<EngineReader, "sequence" | "candidates" | "fragments"> {
  /** A number that every deletion changes. */
  readonly generation: (signal?: AbortSignal) => Promise<number>;
  /** Ids of all traces with fragments of writes after one number and up to another, in any order, some at a time. */
  readonly tracesWritten: (
    after: number,
    upTo: number,
    signal?: AbortSignal,
  ) => AsyncIterable<readonly string[]>;
  /** Whether a fragment that was just listed is its whole trace, where that costs less than reading the trace. */
  readonly isWholeTrace?: (fragment: Fragment) => boolean;
}

/** With more calls than this the ledger is dropped after the answer rather than kept in memory. */
const maxKeptCalls = 8_000_000;
const tracesPerBatch = 200;
const fragmentsWanted = 256;
/** Later than any span. */
const nothing = 1n << 64n;
const maxUnixNano = nothing - 1n;
const everything: Predicate = { op: "and", args: [] };

/** What is counted so far: every call that started at `from` or later, of writes up to `sequence`. */
interface Ledger {
  readonly generation: number;
  readonly buckets: CallBuckets;
  from: bigint;
  sequence: number;
}

/**
 * Counts calls between services for any window without a batch job: the calls of the windows asked for are kept in
 * memory by minute, and each time only the traces that got new spans since are counted again. A deletion begins it
 * anew.
 * @param tracesPerReview see {@link createLiveTraces}; for tests.
 */
export function createCallLedger(source: CallSource, tracesPerReview?: number): EngineReader["dependencies"] {
  let ledger: Ledger | undefined;

  /** Whole traces, one after the other. */
  async function* tracesOf(
    traceIds: Iterable<string>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly Fragment[], void> {
    const ids = [...traceIds];
    for (let at = 0; at < ids.length; at += tracesPerBatch) {
      let trace: Fragment[] = [];
      for await (const window of source.fragments(ids.slice(at, at + tracesPerBatch), signal)) {
        for (const fragment of window) {
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

  /** Brings in what was written since: the calls of each trace with new spans are counted anew. */
  const catchUp = async (current: Ledger, signal: AbortSignal | undefined): Promise<void> => {
    const turns = createTurns();
    const latest = await source.sequence(signal);
    const done = new Set<string>();
    for await (const ids of source.tracesWritten(current.sequence, latest, signal)) {
      const fresh = new Set(ids.filter((id) => !done.has(id)));
      for await (const trace of tracesOf(fresh, signal)) {
        for (const call of callsUpTo(trace, current.sequence)) {
          if (call.startTimeUnixNano >= current.from) current.buckets.remove(call);
        }
        for (const call of callsUpTo(trace, latest)) {
          if (call.startTimeUnixNano >= current.from) current.buckets.add(call);
        }
        const turn = turns();
        if (turn === undefined) continue;
        await turn;
        throwIfAborted(signal);
      }
      for (const id of fresh) done.add(id);
    }
    current.sequence = latest;
  };

  /** Counts the calls from an earlier time on too. */
  const extendTo = async (current: Ledger, from: bigint, signal: AbortSignal | undefined): Promise<void> => {
    if (from >= current.from) return;
    const turns = createTurns();
    const met = createLiveTraces(tracesPerReview);
    const count = (trace: readonly Fragment[]): void => {
      const [first] = trace;
      if (first === undefined) return;
      const { calls, oldestStartUnixNano } = scanCalls(trace.map(({ encoded }) => encoded));
      if (!met.meet(first.traceId, oldestStartUnixNano)) return;
      for (const call of calls) {
        const { startTimeUnixNano } = call;
        if (startTimeUnixNano >= from && startTimeUnixNano < current.from) current.buckets.add(call);
      }
    };
    const search = {
      startTimeMinUnixNano: from,
      startTimeMaxUnixNano: current.from > maxUnixNano ? maxUnixNano : current.from,
      predicate: everything,
      limit: fragmentsWanted,
    };
    for await (const { fragments, laterStartAtMostUnixNano } of source.candidates(search, signal)) {
      // What came since waits for the next time: of these alone it is known where a trace ends.
      const known = fragments.filter(({ sequence }) => sequence <= current.sequence);
      const unread = new Set<string>();
      for (const fragment of known) {
        if (met.has(fragment.traceId) || unread.has(fragment.traceId)) continue;
        if (source.isWholeTrace?.(fragment)) count([fragment]);
        else unread.add(fragment.traceId);
        const turn = turns();
        if (turn === undefined) continue;
        await turn;
        throwIfAborted(signal);
      }
      for await (const trace of tracesOf(unread, signal)) {
        count(upTo(trace, current.sequence));
        const turn = turns();
        if (turn === undefined) continue;
        await turn;
        throwIfAborted(signal);
      }
      met.goOn(laterStartAtMostUnixNano);
    }
    current.from = from;
  };

  const answer = async (query: DependencyQuery, signal: AbortSignal | undefined): Promise<Dependency[]> => {
    for (;;) {
      throwIfAborted(signal);
      const generation = await source.generation(signal);
      const known = ledger?.generation === generation ? ledger : undefined;
      // Half a change would be a wrong count for ever, so the ledger is put back only when it is whole.
      ledger = undefined;
      const current: Ledger = known ?? {
        generation,
        buckets: createCallBuckets(),
        from: nothing,
        sequence: await source.sequence(signal),
      };
      if (known !== undefined) await catchUp(current, signal);
      await extendTo(current, bucketStart(query.startTimeUnixNano), signal);
      if ((await source.generation(signal)) !== generation) continue;
      const dependencies = current.buckets.countWithin(query);
      if (current.buckets.size() <= maxKeptCalls) ledger = current;
      return dependencies;
    }
  };

  let last: Promise<unknown> = Promise.resolve();
  return (query, signal) => {
    // One after the other, since all of them work on the one ledger.
    const result = last.then(() => answer(query, signal));
    last = result.catch(() => undefined);
    return result;
  };
}

/** The calls of a trace as far as its fragments of writes up to this one tell. */
function callsUpTo(trace: readonly Fragment[], sequence: number): ServiceCall[] {
  const fragments = upTo(trace, sequence);
  return fragments.length === 0 ? [] : callsOfTrace(fragments.map(({ encoded }) => encoded));
}

function upTo(trace: readonly Fragment[], sequence: number): readonly Fragment[] {
  return trace.filter((fragment) => fragment.sequence <= sequence);
}
