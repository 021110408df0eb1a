import type { ErrorData } from "@spanstore/core/engine";

/** The options of a thread. */
export interface ThreadOptions {
  readonly synchronous: "full" | "normal";
  /** `both` serves databases in memory, which only one connection can see. */
  readonly role: "writer" | "reader" | "both";
}

/** Names of databases in memory begin with this; the rest of the name is unique. */
export const memoryPrefix = ":memory:";

/** To the thread. `space` is the path of a file or the name of a database in memory; `options` lack the call's signal. */
export type Request =
  | {
      readonly kind: "call" | "stream";
      readonly id: number;
      readonly space: string;
      readonly method: string;
      readonly args: readonly unknown[];
      readonly options: object;
    }
  /** The consumer has taken items of `bytes`; the thread may send that much more. */
  | { readonly kind: "taken"; readonly id: number; readonly bytes: number }
  | { readonly kind: "cancel"; readonly id: number }
  /** Closes the space's connection, which the next call reopens. The answer is an undefined `value`. */
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
      /** Whether the stream ends with these items. */
      readonly last: boolean;
    }
  | { readonly kind: "error"; readonly id: number; readonly error: ErrorData }
  | { readonly kind: "closed" };

/** A stream pauses once it is this far ahead of its consumer. */
export const maxAheadBytes = 512 * 1024;

/** A message is sent once its items have this size. */
export const maxBatchBytes = 256 * 1024;
