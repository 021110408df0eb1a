import type { Predicate } from "../../query/filter/language/predicate.js";
import type { WatchedTerms } from "../../terms/watched-terms.js";
import type { Dependency, DependencyQuery, Expired, Operation, StoreStats, WriteResult } from "./calls.js";
import type { RollupRange, SpanRollups } from "./metrics.js";
import type { Reading } from "./reading.js";
import type { SpanStore, StoreReads } from "./span-store.js";

/**
 * The part that an engine author writes: it keeps spans and lists candidates newest first. Core
 * (`createSpanStore`) does validation, lifecycle, exact matching, ordering, limits, assembly, duplicates, summaries and
 * pagination. An engine may list too many candidates, never too few.
 *
 * The duties of an engine:
 *
 * - **Idempotence.** A fragment is stored once, however often the same content is written. `close`, `purge` and
 *   `deleteBefore` may be repeated.
 * - **Durability.** `write` resolves when its spans survive a kill of the process. An engine caches facts about its own
 *   writes (known operations, for example) only from then on.
 * - **Ownership.** Bytes that a read returns belong to the engine and may be views of a cache: core does not change them, and
 *   copies what it gives to the caller. The engine does not change them either. The engine reads the bytes given to `write`
 *   until it resolves or rejects, and does not change them.
 * - **Cancellation.** Every wait observes the signal, from the first `await` on, and the call rejects with `ABORTED` or with
 *   the signal's reason. A stream ends its work when the loop is left.
 * - **Concurrency.** All methods may run at the same time. Core bounds how many reads run and how many bytes they hold.
 * - **Memory.** Core counts the batches that a read yields. The engine counts other memory (answers of a backend, counts) as
 *   a part of `reading`, if possible before it allocates it. A call without a `reading` is not counted.
 * - **Errors.** A temporary failure is `STORE_UNAVAILABLE`, a full queue `OVERLOADED`, bytes that can not be read back
 *   `CORRUPT`, a schema of another version `INCOMPATIBLE_SCHEMA`. Any other error counts as a defect: `INTERNAL`.
 *
 * Before `close` core waits for the calls in flight; after it core calls no method.
 */
export interface Engine extends EngineReader, EngineBase {}

/**
 * An engine whose reads run elsewhere, for example on its own threads, where `createStoreReads` makes the reads of a store
 * from an {@link EngineReader}.
 */
export interface ThreadedEngine extends EngineBase {
  readonly reads: StoreReads;
  expire(timeUnixNano: bigint, dryRun: boolean): Promise<readonly Expired[]>;
}

/** The methods that {@link Engine} and {@link ThreadedEngine} share. */
export interface EngineBase extends EngineWriter {
  readonly name: string;
  stats(): Promise<StoreStats>;
  /**
   * Resolves when the engine can serve now.
   * @throws STORE_UNAVAILABLE, CORRUPT or INCOMPATIBLE_SCHEMA otherwise.
   */
  health(): Promise<void>;
  /** Releases everything. */
  close(): Promise<void>;
}

export interface EngineWriter {
  /**
   * Stores the spans of an encoded OTLP TracesData (`splitByTrace` splits it) and resolves when they are durable. Stores all
   * spans that can be stored, or rejects; the caller may repeat a call that rejects.
   * @param handOver The bytes belong to the engine, which may transfer their buffer.
   * @param watched The result lists the fragments that may match these filters (`watchedFragments`).
   * @throws INVALID_TRACES when the bytes are not OTLP.
   */
  write(
    encoded: Uint8Array,
    signal?: AbortSignal,
    handOver?: boolean,
    watched?: WatchedTerms,
  ): Promise<WriteResult>;
  /** Removes every span that started before the time, in nanoseconds, and the names that only those spans have. */
  deleteBefore(timeUnixNano: bigint): Promise<void>;
  /**
   * As {@link SpanStore.expire}, for an engine that can drop whole partitions. Without it core counts the spans before the
   * time and calls `deleteBefore`.
   */
  expire?(timeUnixNano: bigint, dryRun: boolean): Promise<readonly Expired[]>;
  /** Removes everything. */
  purge(): Promise<void>;
}

export interface EngineReader {
  /**
   * A watermark: fragments of later writes have a higher number, fragments of earlier writes do not. Pagination begins with
   * it, so that spans that arrive meanwhile do not shift its pages.
   */
  sequence(signal?: AbortSignal): Promise<number>;

  /**
   * Lists the fragments that may match, in batches, newest first. The list includes every fragment with a matching span.
   * Each batch bounds how late spans of the rest can start, so that core knows when to stop. A batch is bounded in bytes.
   */
  candidates(search: CandidateSearch, signal?: AbortSignal, reading?: Reading): AsyncIterable<CandidateBatch>;

  /**
   * All fragments of these traces. The fragments of a trace are consecutive, traces come in the order of the ids, and unknown
   * ids are left out. Batches are bounded in bytes, so that a trace of any size streams.
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

  /**
   * The calls that `callsOfTrace` finds in all traces, in a range with both ends inclusive; any order, one entry for each
   * pair of services.
   */
  dependencies(query: DependencyQuery, signal?: AbortSignal, reading?: Reading): Promise<Dependency[]>;

  /**
   * Counts the spans that started in a range of whole minutes; copies of a span count once (`createRollupLedger`). Resolves
   * to undefined when there are too many series. Then, and without this method, core counts the spans for each query.
   */
  rollups?(range: RollupRange, signal?: AbortSignal, reading?: Reading): Promise<SpanRollups | undefined>;
}

/** Some spans of one trace: an encoded OTLP TracesData that holds spans of this trace only. */
export interface Fragment {
  readonly traceId: string;
  readonly encoded: Uint8Array;
  /** The number of its write; see {@link EngineReader.sequence}. */
  readonly sequence: number;
}

export interface CandidateSearch {
  /** Inclusive bounds of span start. */
  readonly startTimeMinUnixNano: bigint;
  readonly startTimeMaxUnixNano: bigint;
  /** The condition for spans. Core evaluates it on every candidate, so an engine may lower a part of it. */
  readonly predicate: Predicate;
  /** How many traces the caller wants: a hint for the size of batches. */
  readonly limit: number;
}

export interface CandidateBatch {
  readonly fragments: readonly Fragment[];
  /** No matching span in a later batch started after this time. */
  readonly laterStartAtMostUnixNano: bigint;
}
