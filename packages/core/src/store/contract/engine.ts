import type { Predicate } from "../../query/filter/language/predicate.js";
import type { WatchedTerms } from "../../terms/watched-terms.js";
import type { Dependency, DependencyQuery, Expired, Operation, StoreStats, WriteResult } from "./calls.js";
import type { RollupRange, SpanRollups } from "./metrics.js";
import type { Reading } from "./reading.js";
import type { SpanStore, StoreReads } from "./span-store.js";

/**
 * The part that an author of a backend writes: it keeps spans and lists candidates newest first. Core
 * (`createSpanStore`) does validation, lifecycle, exact matching, ordering, limits, assembly, duplicates, summaries and
 * paging. An engine may list too many candidates, never too few.
 *
 * What an engine owes:
 *
 * - **Idempotence.** A fragment that is stored already with the same content stays once. `close`, `purge` and
 *   `deleteBefore` may be repeated.
 * - **Durability.** `write` resolves when its spans survive a kill of the process. What an engine remembers of its own
 *   writes (known operations, for example) it remembers only then.
 * - **Ownership.** Bytes that a read returns stay the engine's and may be views of a cache: core changes none of them and
 *   copies what it gives to the caller. The engine changes them no more. Bytes given to `write` are read until it resolves or
 *   rejects, and never changed.
 * - **Cancellation.** Every wait looks at the signal, from the first `await` on, and the call rejects with `ABORTED` or with
 *   the signal's reason. Leaving a stream's loop ends its work.
 * - **Concurrency.** All methods may run at the same time. Core bounds how many reads run and how many bytes they hold.
 * - **Memory.** Core counts the batches that a read gives. What the engine holds beside them (answers of a backend, counts) it
 *   counts as a part of `reading`, best before it asks for it. Without a `reading` the call is not counted.
 * - **Errors.** A failure that may pass is `STORE_UNAVAILABLE`, a full queue `OVERLOADED`, bytes that can not be read back
 *   `CORRUPT`, a schema of another version `INCOMPATIBLE_SCHEMA`. Any other error counts as a defect: `INTERNAL`.
 *
 * Core calls no method after `close`, and waits for those in flight before it.
 */
export interface Engine extends EngineReader, EngineBase {}

/**
 * An engine whose reads run elsewhere, on threads of its own for example: it brings the reads of a store, which
 * `createStoreReads` makes there of an {@link EngineReader}.
 */
export interface ThreadedEngine extends EngineBase {
  readonly reads: StoreReads;
  expire(timeUnixNano: bigint, dryRun: boolean): Promise<readonly Expired[]>;
}

/** The common part of all engines, wherever their reads run. */
export interface EngineBase extends EngineWriter {
  readonly name: string;
  stats(): Promise<StoreStats>;
  /**
   * Resolves when the engine can serve now.
   * @throws STORE_UNAVAILABLE, CORRUPT, INCOMPATIBLE_SCHEMA with the reason when it can not.
   */
  health(): Promise<void>;
  /** Releases everything. */
  close(): Promise<void>;
}

export interface EngineWriter {
  /**
   * Keeps the spans of an encoded OTLP TracesData (`splitByTrace` takes it apart) and resolves when they are durable.
   * Either all that can be stored is kept, or the call fails and may be repeated.
   * @param handOver The bytes are the engine's: it may take their buffer away.
   * @param watched The result has the fragments that may match (`watchedFragments`).
   * @throws INVALID_TRACES when the bytes are not OTLP.
   */
  write(
    encoded: Uint8Array,
    signal?: AbortSignal,
    handOver?: boolean,
    watched?: WatchedTerms,
  ): Promise<WriteResult>;
  /** Removes every span that started before the time, in nanoseconds, and names that only those spans made known. */
  deleteBefore(timeUnixNano: bigint): Promise<void>;
  /**
   * As {@link SpanStore.expire}; for an engine that can remove old spans as a whole. Without it core counts the spans
   * before the time and calls `deleteBefore`.
   */
  expire?(timeUnixNano: bigint, dryRun: boolean): Promise<readonly Expired[]>;
  /** Removes everything. */
  purge(): Promise<void>;
}

export interface EngineReader {
  /**
   * A number that fragments of all later writes exceed and those of all earlier ones do not. A walk through pages begins
   * with it, so that spans that arrive meanwhile do not move its pages.
   */
  sequence(signal?: AbortSignal): Promise<number>;

  /**
   * Lists the fragments that may match, in batches, newest first, and every fragment that has a matching span. Each
   * batch tells how late a span of the rest can start, so that core knows when to stop. A batch is bounded in bytes.
   */
  candidates(search: CandidateSearch, signal?: AbortSignal, reading?: Reading): AsyncIterable<CandidateBatch>;

  /**
   * All fragments of these traces: a trace's fragments are consecutive, traces come in the order of the ids, unknown ids are
   * left out. Batches are bounded, so that a trace of any size streams.
   */
  fragments(
    traceIds: readonly string[],
    signal?: AbortSignal,
    reading?: Reading,
  ): AsyncIterable<readonly Fragment[]>;

  /** Names of services (`service.name` when it is a non-empty string); any order, no duplicates. */
  services(signal?: AbortSignal): Promise<string[]>;

  /** Operations of a service, of all kinds; any order, no duplicates. */
  operations(service: string, signal?: AbortSignal): Promise<Operation[]>;

  /** The calls that `callsOfTrace` counts over every trace, in a range with both ends inclusive; any order, one entry a pair. */
  dependencies(query: DependencyQuery, signal?: AbortSignal, reading?: Reading): Promise<Dependency[]>;

  /**
   * Counts of the spans that started in a range of whole minutes, copies of a span once (`createRollupLedger`). Without it,
   * and where it has too many series to keep and resolves to undefined, core counts the spans for each question.
   */
  rollups?(range: RollupRange, signal?: AbortSignal, reading?: Reading): Promise<SpanRollups | undefined>;
}

/** Some spans of one trace: an encoded OTLP TracesData that holds spans of this trace only. */
export interface Fragment {
  readonly traceId: string;
  readonly encoded: Uint8Array;
  /** Of the write that brought it; see {@link EngineReader.sequence}. */
  readonly sequence: number;
}

export interface CandidateSearch {
  /** Inclusive bounds of span start. */
  readonly startTimeMinUnixNano: bigint;
  readonly startTimeMaxUnixNano: bigint;
  /** The condition for spans. Core evaluates it again, so an engine may lower a part of it. */
  readonly predicate: Predicate;
  /** About how many traces are wanted: a hint for the size of batches. */
  readonly limit: number;
}

export interface CandidateBatch {
  readonly fragments: readonly Fragment[];
  /** No matching span in a later batch started after this time. */
  readonly laterStartAtMostUnixNano: bigint;
}
