import type { ErrorData } from "@spanstore/core/engine";

/** The options of a thread. */
export interface ThreadOptions {
  readonly synchronous: "full" | "normal";
  /** `both` serves databases that only one connection can see: those in memory. */
  readonly role: "writer" | "reader" | "both";
}

/** The beginning of the name of a database in memory; the rest tells it from others. */
export const memoryPrefix = ":memory:";

/** To the thread. A `space` is a file by its path, or a database in memory. `options` are the call's, but for the signal. */
export type Request =
  | {
      readonly kind: "call" | "stream";
      readonly id: number;
      readonly space: string;
      readonly method: string;
      readonly args: readonly unknown[];
      readonly options: object;
    }
  /** The consumer took items of so many bytes; the thread may send as many again. */
  | { readonly kind: "taken"; readonly id: number; readonly bytes: number }
  | { readonly kind: "cancel"; readonly id: number }
  /** Closes the space's connection; the next call opens it again. A value answers it. */
  | { readonly kind: "forget"; readonly id: number; readonly space: string }
  | { readonly kind: "close" };

/** From the thread. */
export type Response =
  | { readonly kind: "ready" }
  | { readonly kind: "value"; readonly id: number; readonly value: unknown }
  | {
      readonly kind: "items";
      readonly id: number;
      readonly items: readonly unknown[];
      readonly bytes: number;
      /** Nothing follows. */
      readonly last: boolean;
    }
  | { readonly kind: "error"; readonly id: number; readonly error: ErrorData }
  | { readonly kind: "closed" };

/** A stream sends no more than this ahead of its consumer. */
export const maxAheadBytes = 512 * 1024;

/** Items are sent together up to this size. */
export const maxBatchBytes = 256 * 1024;
