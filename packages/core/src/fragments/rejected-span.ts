/** A span that can never be stored, and why. */
export interface RejectedSpan {
  /** The span's own OTLP bytes; none where a server told only how many it rejects. */
  readonly encoded: Uint8Array;
  readonly reason: string;
}
