/** Inclusive bounds of a span's start, in nanoseconds since the epoch. */
export interface TimeRange {
  readonly min: bigint;
  readonly max: bigint;
}

export const allTimes: TimeRange = { min: 0n, max: 0xffffffffffffffffn };

/** A source of spans. */
export interface SpanSource {
  /**
   * Every span that started in the range, in batches of bounded size: newest first from batch to batch, in any order
   * within one. After a failure, reading may start again with a range that ends where it stopped.
   */
  read(range: TimeRange, signal: AbortSignal): AsyncIterable<SourceBatch>;
  /** Documents without a usable time. */
  readUnplaced?(signal: AbortSignal): AsyncIterable<SourceBatch>;
}

export interface SourceBatch {
  /** OTLP TracesData. */
  readonly encoded: Uint8Array;
  /** Documents that cannot be translated to spans. */
  readonly unusable: readonly Unusable[];
}

/** Data that cannot be copied: an OTLP span that a store rejects, or a document that cannot be translated to a span. */
export interface Unusable {
  readonly reason: string;
  /** Its position in the source, if known. */
  readonly where?: string;
  readonly encoded: Uint8Array;
}
