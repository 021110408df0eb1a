import type { ErrorData, WatchedTerms, WindowLength } from "@spanstore/core/engine";
import type { Settings } from "../options.js";
import type { Tuning } from "../schema/tuning.js";
import type { InsertTurn, Outcome, Prepared } from "./inserter.js";

/** What the thread is started with. */
export interface ThreadOptions {
  readonly settings: Settings;
  readonly tuning: ThreadTuning;
}

/** A tuning without what no message carries. */
export type ThreadTuning = Omit<Tuning, "idOf">;

/** Whose rows they are. */
export interface Space {
  readonly prefix: string;
  readonly window: WindowLength;
  /** Its number among the places of the space. */
  readonly place: number;
}

/** To the thread. */
export type Request = { readonly space: Space } & (
  | {
      readonly kind: "prepare";
      readonly call: number;
      readonly group: number;
      /** The encoded requests one behind the other, and where each ends. */
      readonly encoded: Uint8Array;
      readonly ends: readonly number[];
      /** What each of them is watched for. */
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

/** From the thread. */
export type Response =
  | { readonly call: number; readonly value: readonly Prepared[] | Outcome }
  | { readonly call: number; readonly error: ErrorData };
