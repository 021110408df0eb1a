import type { TermNode } from "@spanstore/core/engine";
import { failureOf } from "../connection/errors.js";
import type { Naming } from "../schema/naming.js";
import type { Tuning } from "../schema/tuning.js";
import type { Window } from "../schema/windows.js";
import type { Frequencies } from "../terms/frequencies.js";
import { reading } from "./slices.js";

/** A slice aims at this many times the wanted fragments. */
const slack = 4;
/** The shortest slice. */
const shortestMicros = 1_000_000n;

/** Decides how much time a statement searches. */
export interface Slicing {
  /** Whether one of the windows has many matching fragments, by cached counts. */
  readonly isFrequent: (windows: readonly Window[], node: TermNode | undefined) => boolean;
  /**
   * The length of the first slice, in microseconds; undefined, the whole batch, when no window has many matching
   * fragments.
   */
  readonly firstSlice: (
    windows: readonly Window[],
    node: TermNode | undefined,
    wanted: number,
    signal: AbortSignal | undefined,
  ) => Promise<bigint | undefined>;
}

export interface SlicingParts {
  readonly naming: Pick<Naming, "fragmentTable">;
  readonly frequencies: Frequencies;
  readonly tuning: Pick<Tuning, "fewFragments">;
}

export function createSlicing({ naming, frequencies, tuning }: SlicingParts): Slicing {
  const { fewFragments } = tuning;

  const estimate = (
    window: Window,
    node: TermNode | undefined,
    signal: AbortSignal | undefined,
  ): Promise<number> =>
    reading(async () => {
      try {
        return await frequencies.estimate(naming.fragmentTable(window), node, signal);
      } catch (error) {
        if (failureOf(error) === "no table") return 0;
        throw error;
      }
    });

  return {
    isFrequent: (windows, node) =>
      windows.some(
        (window) => (frequencies.lastEstimate(naming.fragmentTable(window), node) ?? 0) > fewFragments,
      ),
    firstSlice: async (windows, node, wanted, signal) => {
      // Without a condition every fragment matches: the newest window alone decides.
      for (const window of node === undefined ? windows.slice(0, 1) : windows) {
        const found = await estimate(window, node, signal);
        if (found > fewFragments) return sliceMicros(window, found, wanted);
      }
      return undefined;
    },
  };
}

/**
 * The time of a window that has the wanted fragments, in microseconds.
 * @param found the matching fragments of the whole window.
 */
export function sliceMicros(
  { startUnixNano, endUnixNano }: Pick<Window, "startUnixNano" | "endUnixNano">,
  found: number,
  wanted: number,
): bigint {
  const length = Number((endUnixNano - startUnixNano) / 1000n);
  const micros = BigInt(Math.ceil(length * Math.min(1, (wanted * slack) / found)));
  return micros > shortestMicros ? micros : shortestMicros;
}
