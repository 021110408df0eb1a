import type { ErrorData, WatchedTerms, WindowLength } from "@spanstore/core/engine";
import type { Settings } from "../options.js";
import type { Tuning } from "../schema/tuning.js";
import type { InsertTurn, Outcome, Prepared } from "./inserter.js";

/** The data that the thread starts with. */
export interface ThreadOptions {
  readonly settings: Settings;
  readonly tuning: ThreadTuning;
}

/** A tuning without its function, which a message cannot carry. */
export type ThreadTuning = Omit<Tuning, "idOf">;

/** The place that rows are for. */
export interface Space {
  readonly prefix: string;
  readonly window: WindowLength;
  /** Its index in the places of the namespace. */
  readonly place: number;
}

/** A message to the thread. */
export type Request = { readonly space: Space } & (
  | {
      readonly kind: "prepare";
      readonly call: number;
      readonly group: number;
      /** The encoded requests, concatenated, and the end of each. */
      readonly encoded: Uint8Array;
      readonly ends: readonly number[];
      /** The watched terms of each request. */
      readonly watched: readonly (WatchedTerms | undefined)[];
    }
  | {
      readonly kind: "insert";
      readonly call: number;
      readonly group: number;
      readonly requests: readonly number[];
      readonly turn: InsertTurn;
    }
  | { readonly kind: "release"; readonly group: number }
);

/** A message from the thread. */
export type Response =
  | { readonly call: number; readonly value: readonly Prepared[] | Outcome }
  | { readonly call: number; readonly error: ErrorData };
