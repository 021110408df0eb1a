import type { ReadOptions } from "./calls.js";
import type { StoreReads } from "./span-store.js";

/** Wraps the reads of a store: `call` for those with a promise, `stream` for those with a stream. */
export interface ReadWrapper {
  /**
   * @param ask runs the read; `own` overrides options of the caller.
   * @param options the caller's.
   */
  readonly call: <T>(
    ask: (reads: StoreReads, own?: ReadOptions) => Promise<T>,
    options: ReadOptions | undefined,
  ) => Promise<T>;
  readonly stream: <T>(
    ask: (reads: StoreReads, own?: ReadOptions) => AsyncIterable<T>,
    options: ReadOptions | undefined,
  ) => AsyncIterable<T>;
}

/** Wraps every read of a store. The reads are listed only here. */
export function eachRead({ call, stream }: ReadWrapper): StoreReads {
  return {
    getTraces: (ids, options) =>
      stream((reads, own) => reads.getTraces(ids, { ...options, ...own }), options),
    findTraces: (query, options) =>
      stream((reads, own) => reads.findTraces(query, { ...options, ...own }), options),
    findTraceIds: (query, options) =>
      call((reads, own) => reads.findTraceIds(query, { ...options, ...own }), options),
    findTraceSummaries: (query, options) =>
      stream((reads, own) => reads.findTraceSummaries(query, { ...options, ...own }), options),
    findSpans: (query, options) =>
      stream((reads, own) => reads.findSpans(query, { ...options, ...own }), options),
    getServices: (options) => call((reads, own) => reads.getServices({ ...options, ...own }), options),
    getOperations: (query, options) =>
      call((reads, own) => reads.getOperations(query, { ...options, ...own }), options),
    getDependencies: (query, options) =>
      call((reads, own) => reads.getDependencies(query, { ...options, ...own }), options),
    getMetrics: (query, options) =>
      call((reads, own) => reads.getMetrics(query, { ...options, ...own }), options),
  };
}
