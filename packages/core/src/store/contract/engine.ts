import type { Predicate } from "../../query/filter/language/predicate.js";
import type {
  Dependency,
  DependencyQuery,
  Expired,
  Operation,
  StoreStats,
  WriteResult,
} from "./span-store.js";

/**
 * What a backend author writes: how spans are kept, and how candidates are listed newest first.
 * Validation, lifecycle, exact matching, ordering, limits, assembly, duplicates, summaries and
 * paging are core's (`createSpanStore`). An engine may list too many candidates, never too few.
 */
export interface Engine extends EngineReader, EngineWriter {
  readonly name: string;
  stats(): Promise<StoreStats>;
  /** Rejects with STORE_UNAVAILABLE or CORRUPT when the engine cannot serve. */
  health(): Promise<void>;
  close(): Promise<void>;
}

export interface EngineWriter {
  /**
   * Keeps the spans of an encoded OTLP TracesData (`splitByTrace` takes it apart) and resolves when
   * they are durable. Either all that can be stored is kept, or nothing is and the call fails.
   */
  write(encoded: Uint8Array, signal?: AbortSignal): Promise<WriteResult>;
  deleteBefore(timeUnixNano: bigint): Promise<void>;
  /**
   * As a SpanStore's `expire`; for an engine that can remove old spans as a whole. Without it core counts the spans
   * before the time and calls `deleteBefore`.
   */
  expire?(timeUnixNano: bigint, dryRun: boolean): Promise<readonly Expired[]>;
  purge(): Promise<void>;
}

export interface EngineReader {
  /**
   * A number that fragments of all later writes exceed and those of all earlier ones do not: what a walk
   * through pages began with.
   */
  sequence(signal?: AbortSignal): Promise<number>;

  /** Lists what may match, in windows, newest first. Must list every fragment with a matching span. */
  candidates(search: CandidateSearch, signal?: AbortSignal): AsyncIterable<CandidateWindow>;

  /**
   * All fragments of these traces: a trace's fragments are consecutive, traces come in the order
   * of the ids, unknown ids are left out. Windows are bounded, so that any size of trace streams.
   */
  fragments(traceIds: readonly string[], signal?: AbortSignal): AsyncIterable<readonly Fragment[]>;

  /** Names of services (`service.name` when it is a non-empty string); any order, no duplicates. */
  services(signal?: AbortSignal): Promise<string[]>;

  /** Operations of a service, of all kinds; any order, no duplicates. */
  operations(service: string, signal?: AbortSignal): Promise<Operation[]>;

  /** As `callsOfTrace` counts them over every trace; any order, one entry a pair. */
  dependencies(query: DependencyQuery, signal?: AbortSignal): Promise<Dependency[]>;
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
  /** What a span must satisfy; core evaluates it again, so lowering a part of it is right. */
  readonly predicate: Predicate;
  /** About how many traces are wanted: a hint for the size of windows. */
  readonly limit: number;
}

export interface CandidateWindow {
  readonly fragments: readonly Fragment[];
  /** No span that matches and lies in a later window started after this time. */
  readonly laterStartAtMostUnixNano: bigint;
}
