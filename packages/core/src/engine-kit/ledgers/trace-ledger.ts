import { throwIfAborted } from "../../errors/errors.js";
import { orAborted } from "../../errors/or-aborted.js";
import { maxUnixNano } from "../../query/search-of-query.js";
import type { EngineReader, Fragment } from "../../store/contract/engine.js";
import type { Reading } from "../../store/contract/reading.js";
import { uncounted } from "../../store/reading/read-budget.js";
import { createTurns } from "../../store/reading/turns.js";
import { type WalkReader, walkTraces, wholeTraces } from "../../store/reading/walk-traces.js";
import { createByteCache } from "../caches/byte-cache.js";

/** The engine, as a ledger sees it. */
export interface LedgerSource extends Pick<EngineReader, "sequence">, WalkReader {
  /** A number that every deletion changes. */
  readonly generation: (signal?: AbortSignal) => Promise<number>;
  /** Ids of all traces with fragments of writes after one number and up to another, in any order, some at a time. */
  readonly tracesWritten: (
    after: number,
    upTo: number,
    signal?: AbortSignal,
    reading?: Reading,
  ) => AsyncIterable<readonly string[]>;
}

/** Counts that traces are added to and taken out of. */
export interface TraceTally {
  /**
   * Finds what a whole trace tells of its spans that started in a range.
   * @param to excluded
   */
  readonly scan: (trace: readonly Fragment[], from: bigint, to: bigint) => TraceCounts;
  /** About how many bytes it takes in memory; called for every batch of fragments. */
  readonly bytes: () => number;
}

export interface TraceCounts {
  readonly oldestStartUnixNano: bigint;
  readonly add: () => void;
  /** Undoes an earlier `add` of the same counts. */
  readonly remove: () => void;
}

/** All ledgers of a thread keep no more between questions. The one used longest ago is counted again. */
const keptBytes = 64 * 1024 * 1024;
const kept = createByteCache<Ledger<TraceTally>>(keptBytes, ({ tally }) => tally.bytes());
let ledgers = 0;
const fragmentsWanted = 256;
/** Later than any span. */
const never = maxUnixNano + 1n;

/** The counts so far: all spans that started at `from` or later, of writes up to `sequence`. */
interface Ledger<Tally> {
  readonly generation: number;
  readonly tally: Tally;
  from: bigint;
  sequence: number;
}

/**
 * Counts over whole traces for any range of time without a batch job: the counts of the ranges asked for stay in memory,
 * and each question counts only the traces with new spans again. A deletion starts the ledger over.
 * @param tracesPerReview see {@link createLiveTraces}; for tests.
 * @returns asks the tally that has counted everything since a time; questions run one after the other.
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

  /** Counts later writes: takes each trace with new spans out and counts it again. */
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

  /** Counts from an earlier time on too. */
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
        // Later writes wait for the next time: the candidates of these alone tell where a trace ends.
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
    // Later questions wait for this one, so it must not wait for the bytes that they hold.
    const counted = reading.unwaiting();
    const hold = counted.part();
    const answer = async () => {
      for (;;) {
        throwIfAborted(signal);
        const generation = await source.generation(signal);
        // A change that fails half-way would leave wrong counts, so the ledger is kept only when it is whole.
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
    // The answers before may take long, which a call that is cancelled does not wait for.
    return orAborted(result, signal);
  };
}

function upTo(trace: readonly Fragment[], sequence: number): readonly Fragment[] {
  return trace.filter((fragment) => fragment.sequence <= sequence);
}
