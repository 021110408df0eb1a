/** A span that can never be stored, and why. */
export interface RejectedSpan {
  /** The OTLP bytes of the span; empty when a server reports only the number of rejected spans. */
  readonly encoded: Uint8Array;
  readonly reason: string;
}
