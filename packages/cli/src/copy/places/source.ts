/** Inclusive bounds of a span's start, in nanoseconds since the epoch. */
export interface TimeRange {
  readonly min: bigint;
  readonly max: bigint;
}

export const allTimes: TimeRange = { min: 0n, max: 0xffffffffffffffffn };

/** A source of spans. */
export interface SpanSource {
  /**
   * Every span that started in the range, newest first from batch to batch; within a batch in any order. A batch is of
   * bounded size. After a failure, reading may start again with a range that ends where it stopped.
   */
  read(range: TimeRange, signal: AbortSignal): AsyncIterable<SourceBatch>;
  /** Documents without a usable time. */
  readUnplaced?(signal: AbortSignal): AsyncIterable<SourceBatch>;
}

export interface SourceBatch {
  /** OTLP TracesData. */
  readonly encoded: Uint8Array;
  /** Documents of which no span can be made. */
  readonly unusable: readonly Unusable[];
}

/** Data that cannot be copied: an OTLP span that a store refuses, or a document of which no span can be made. */
export interface Unusable {
  readonly reason: string;
  /** Its position in the source, if known. */
  readonly where?: string;
  readonly encoded: Uint8Array;
}
