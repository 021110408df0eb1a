/** Inclusive bounds of a span's start, in nanoseconds since the epoch. */
export interface TimeRange {
  readonly min: bigint;
  readonly max: bigint;
}

export const allTimes: TimeRange = { min: 0n, max: 0xffffffffffffffffn };

/** Where spans are read from. */
export interface SpanSource {
  /**
   * Every span that started in the range, newest first from batch to batch; within a batch in any order. A batch is of
   * bounded size. After a failure, reading may begin anew with a range that ends where it stopped.
   */
  read(range: TimeRange, signal: AbortSignal): AsyncIterable<SourceBatch>;
  /** What is there and has no place in time. */
  readUnplaced?(signal: AbortSignal): AsyncIterable<SourceBatch>;
}

export interface SourceBatch {
  /** OTLP TracesData. */
  readonly encoded: Uint8Array;
  /** What was read and can be no span. */
  readonly unusable: readonly Unusable[];
}

/** What can not be copied: an OTLP span that a store refuses, or a document of which no span can be made. */
export interface Unusable {
  readonly reason: string;
  /** Where it lies in the source, if that can be said. */
  readonly where?: string;
  readonly encoded: Uint8Array;
}
