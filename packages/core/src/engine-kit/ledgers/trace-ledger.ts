import { throwIfAborted } from "../../errors/errors.js";
import { orAborted } from "../../errors/or-aborted.js";
import { maxUnixNano } from "../../query/search-of-query.js";
import type { EngineReader, Fragment } from "../../store/contract/engine.js";
import type { Reading } from "../../store/contract/reading.js";
import { uncounted } from "../../store/reading/read-budget.js";
import { createTurns } from "../../store/reading/turns.js";
import { type WalkReader, walkTraces, wholeTraces } from "../../store/reading/walk-traces.js";
import { createByteCache } from "../caches/byte-cache.js";

/** The part of an engine that a ledger needs. */
export interface LedgerSource extends Pick<EngineReader, "sequence">, WalkReader {
  /** A number that every deletion changes. */
  readonly generation: (signal?: AbortSignal) => Promise<number>;
  /** The ids of all traces with fragments of writes above `after` and up to `upTo`, in batches, in any order. */
  readonly tracesWritten: (
    after: number,
    upTo: number,
    signal?: AbortSignal,
    reading?: Reading,
  ) => AsyncIterable<readonly string[]>;
}

/** Counts over traces. */
export interface TraceTally {
  /**
   * Counts the spans of a whole trace that started in a range; the result adds or removes these counts.
   * @param to exclusive
   */
  readonly scan: (trace: readonly Fragment[], from: bigint, to: bigint) => TraceCounts;
  /** The approximate size in memory; called for every batch of fragments. */
  readonly bytes: () => number;
}

export interface TraceCounts {
  readonly oldestStartUnixNano: bigint;
  readonly add: () => void;
  /** Undoes an earlier `add` of the same counts. */
  readonly remove: () => void;
}

/** The memory of all ledgers of a thread between queries. When it is full, the least recently used ledger starts over. */
const keptBytes = 64 * 1024 * 1024;
const kept = createByteCache<Ledger<TraceTally>>(keptBytes, ({ tally }) => tally.bytes());
let ledgers = 0;
const fragmentsWanted = 256;
/** Later than any span. */
const never = maxUnixNano + 1n;

/** The counts so far: all spans of writes up to `sequence` that started at `from` or later. */
interface Ledger<Tally> {
  readonly generation: number;
  readonly tally: Tally;
  from: bigint;
  sequence: number;
}

/**
 * Counts over whole traces, for any range of time, without a batch job. The counts of queried ranges stay in memory, and
 * each query counts only the traces with new spans again. A deletion starts the ledger over.
 * @param tracesPerReview see {@link createLiveTraces}; for tests.
 * @returns a function that counts all spans since `from` and passes the tally to `ask`. Queries run one after the other.
 */
export function createTraceLedger<Tally extends TraceTally>(
  source: LedgerSource,
  createTally: () => Tally,
  tracesPerReview?: number,
): <Answer>(
  from: bigint,
  ask: (tally: Tally) => Answer,
  signal?: AbortSignal,
  reading?: Reading,
) => Promise<Answer> {
  const name = String(ledgers++);

  /** Counts later writes: removes the counts of each trace with new spans and counts it again. */
  const catchUp = async (
    current: Ledger<Tally>,
    reading: Reading,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    const turns = createTurns();
    const latest = await source.sequence(signal);
    const done = new Set<string>();
    for await (const ids of source.tracesWritten(current.sequence, latest, signal, reading)) {
      const fresh = new Set(ids.filter((id) => !done.has(id)));
      for await (const trace of wholeTraces(source, fresh, signal, reading)) {
        const before = upTo(trace, current.sequence);
        if (before.length > 0) current.tally.scan(before, current.from, never).remove();
        const after = upTo(trace, latest);
        if (after.length > 0) current.tally.scan(after, current.from, never).add();
        const turn = turns();
        if (turn === undefined) continue;
        await turn;
        throwIfAborted(signal);
      }
      for (const id of fresh) done.add(id);
    }
    current.sequence = latest;
  };

  /** Extends the counts to an earlier time. */
  const extendTo = async (
    current: Ledger<Tally>,
    from: bigint,
    hold: () => Promise<void> | undefined,
    reading: Reading,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    if (from >= current.from) return;
    const to = current.from;
    await walkTraces(
      source,
      {
        startTimeMinUnixNano: from,
        startTimeMaxUnixNano: to > maxUnixNano ? maxUnixNano : to,
        predicate: { op: "and", args: [] },
        limit: fragmentsWanted,
        // `catchUp` counts later writes; counting them here, too, would count them twice.
        upToSequence: current.sequence,
        tracesPerReview,
        holdVisited: hold,
      },
      (trace) => {
        const { oldestStartUnixNano, add } = current.tally.scan(trace, from, to);
        return { oldestStartUnixNano, accept: add };
      },
      signal,
      reading,
    );
    current.from = from;
  };

  let last: Promise<unknown> = Promise.resolve();
  return (from, ask, signal, reading = uncounted) => {
    // Later queries wait for this one, so waiting for bytes that they hold would be a deadlock.
    const counted = reading.unwaiting();
    const hold = counted.part();
    const answer = async () => {
      for (;;) {
        throwIfAborted(signal);
        const generation = await source.generation(signal);
        // Takes the ledger out of the cache during the change: a change that fails half-way would leave wrong counts.
        const found = kept.take(name) as Ledger<Tally> | undefined;
        const known = found?.generation === generation ? found : undefined;
        const current: Ledger<Tally> = known ?? {
          generation,
          tally: createTally(),
          from: never,
          sequence: await source.sequence(signal),
        };
        const holdTally = () => hold(current.tally.bytes());
        holdTally();
        if (known !== undefined) await catchUp(current, counted, signal);
        await extendTo(current, from, holdTally, counted, signal);
        if ((await source.generation(signal)) !== generation) continue;
        const result = ask(current.tally);
        kept.set(name, current);
        return result;
      }
    };
    const result = last.then(answer);
    last = result.catch(() => undefined);
    // Earlier queries may take long; a cancelled call does not wait for them.
    return orAborted(result, signal);
  };
}

function upTo(trace: readonly Fragment[], sequence: number): readonly Fragment[] {
  return trace.filter((fragment) => fragment.sequence <= sequence);
}
