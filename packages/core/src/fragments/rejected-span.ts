/** A span that can never be stored, and why. */
export interface RejectedSpan {
  /** The span's own OTLP bytes. */
  readonly encoded: Uint8Array;
  readonly reason: string;
}
