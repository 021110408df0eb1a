import {
  type CandidateBatch,
  type CandidateSearch,
  type FragmentCache,
  isImpossible,
  requiredTerms,
  type TermNode,
} from "@spanstore/core/engine";
import { integer, type Row } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Window } from "../schema/windows.js";
import type { Frequencies } from "../terms/frequencies.js";
import { withoutTerms } from "../terms/stop-terms.js";
import { fragmentKeyOf, fragmentOf, maxExtentMillis } from "./fragments.js";
import type { Layout } from "./layout.js";
import type { ReaderParts } from "./reader-parts.js";
import { createSliceReader, reading, type SlicePosition } from "./slices.js";

/** Windows are asked together in numbers that double from this: mostly the newest has all that is wanted. */
const firstWindows = 2;
const maxWindows = 64;
/** A slice is to hold so many times what is wanted; each one that holds less is followed by a longer one. */
const slack = 4;
const growth = 4n;
const thousand = 1000n;
const maxMicros = (1n << 64n) / thousand;
/** A slice is no shorter than this. */
const shortestMicros = 1_000_000n;

/** How much later than one of its spans a fragment's newest span may start; one more for what is rounded. */
export const maxExtentMicros = BigInt(maxExtentMillis + 1) * thousand;

/** Windows that are asked together, and what is left to be asked of them. */
interface Batch {
  readonly windows: readonly Window[];
  /** Of starts, in microseconds, both inclusive. */
  readonly from: bigint;
  to: bigint;
  /** The latest start that is searched for. */
  readonly latest: bigint;
  cursor: SlicePosition | undefined;
  /** How much time is asked for next, backwards; undefined: all that is left. */
  slice: bigint | undefined;
  /** A search that finds so many ends early, and its rows are not all; undefined: none does. */
  most: number | undefined;
}

/** One search, as it is asked for. */
interface Plan {
  readonly search: CandidateSearch;
  readonly required: TermNode | undefined;
  readonly layout: Layout;
  readonly signal: AbortSignal | undefined;
}

export interface CandidateParts extends ReaderParts {
  readonly cache: FragmentCache;
  readonly frequencies: Frequencies;
}

/** Lists fragments newest first, by the index and the time, table by table and slice by slice. */
export function createCandidates(
  parts: CandidateParts,
): (search: CandidateSearch, signal?: AbortSignal) => AsyncGenerator<CandidateBatch, void> {
  const { client, naming, layouts, frequencies, cache, rowBytes, tuning } = parts;
  const [minListed, maxListed] = tuning.listed;
  /** Of windows: the newest start that was seen. Searches begin there, since behind it there is mostly nothing. */
  const newestSeen = new Map<string, bigint>();
  const readSlice = createSliceReader(parts);

  return async function* candidates(search, signal) {
    const required = requiredTerms(search.predicate);
    if (required !== undefined && isImpossible(required)) return;
    const last = layouts.last();
    if (last !== undefined) {
      const outcome = yield* walk({ search, required, layout: last, signal }, true);
      if (outcome === "done") return;
    }
    const layout = await reading(() => layouts.read(signal));
    yield* walk({ search, required, layout, signal }, false);
  };

  /** @param unproved whether the layout is that of an earlier search; "outdated" comes before anything is listed. */
  async function* walk(
    { search, required, layout, signal }: Plan,
    unproved: boolean,
  ): AsyncGenerator<CandidateBatch, "done" | "outdated"> {
    const last = search.startTimeMaxUnixNano + maxExtentMicros * thousand;
    const node =
      required === undefined
        ? undefined
        : withoutTerms(required, layout.stopTerms(search.startTimeMinUnixNano, last));
    let left = layout.windows.filter(
      ({ startUnixNano, endUnixNano }) => endUnixNano > search.startTimeMinUnixNano && startUnixNano <= last,
    );
    let wanted = Math.min(Math.max(search.limit + (search.limit >> 1), minListed), maxListed);
    let toProve = unproved ? layout : undefined;
    for (let size = firstWindows; left.length > 0; size = Math.min(size * 2, maxWindows)) {
      const windows = left.slice(0, size);
      left = left.slice(windows.length);
      const batch = batchOf(windows, search);
      await beginBatch(batch, node, wanted, signal);
      while (batch.to >= batch.from) {
        const from = sliceStart(batch);
        const { to, latest, cursor, most } = batch;
        const isPart = batch.slice !== undefined;
        const asked = Math.min(wanted, rowBytes.rowsWithin(tuning.candidateBytes));
        const answer = await readSlice(
          { windows, node, from, to, latest, isPart, cursor, wanted: asked, most, layout: toProve },
          signal,
        );
        if (answer === "outdated") return answer;
        toProve = undefined;
        if (answer === "too many") {
          await slice(batch, node, wanted, signal);
          continue;
        }
        const { rows, isCut } = answer;
        batch.most = undefined;
        if (rows[0] !== undefined && cursor === undefined) noteNewest(windows, integer(rows[0], 1));
        const lastRow = rows[rows.length - 1];
        if ((isCut || rows.length === asked) && lastRow !== undefined) {
          batch.cursor = { start: integer(lastRow, 1), id: integer(lastRow, 0) };
          batch.to = batch.cursor.start;
          if (rows.length === wanted) wanted = Math.min(wanted * 2, maxListed);
        } else {
          batch.cursor = undefined;
          batch.to = from - 1n;
          if (batch.slice !== undefined) batch.slice *= growth;
        }
        const later = batch.to >= batch.from ? batch.to : newestStart(left);
        const fragments = rows.map(fragmentOf);
        for (const [i, fragment] of fragments.entries()) cache.add(fragmentKeyOf(rows[i] as Row), fragment);
        yield { fragments, laterStartAtMostUnixNano: later * thousand + (thousand - 1n) };
      }
    }
    // Of a layout without windows in this time nothing was asked for.
    return (await isStill(toProve, signal)) ? "done" : "outdated";
  }

  function batchOf(windows: readonly Window[], search: CandidateSearch): Batch {
    const from = search.startTimeMinUnixNano / thousand;
    const latest = search.startTimeMaxUnixNano / thousand;
    const to = latest + maxExtentMicros;
    const newest = newestStart(windows);
    const oldest = (windows[windows.length - 1] as Window).startUnixNano / thousand;
    return {
      windows,
      from: oldest > from ? oldest : from,
      to: newest < to ? newest : to,
      latest,
      cursor: undefined,
      slice: undefined,
      most: undefined,
    };
  }

  /**
   * What is not known to be frequent is asked for as a whole; should it be frequent, that ends early, and only then is
   * it looked up how frequent it is.
   */
  async function beginBatch(
    batch: Batch,
    node: TermNode | undefined,
    wanted: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const isFrequent = batch.windows.some(
      (window) => (frequencies.lastEstimate(naming.fragmentTable(window), node) ?? 0) > tuning.fewFragments,
    );
    if (node === undefined || isFrequent) await slice(batch, node, wanted, signal);
    else batch.most = tuning.fewFragments + wanted;
  }

  /** How much time the first slice takes: all, unless one of the windows holds much of what is searched. */
  async function slice(
    batch: Batch,
    node: TermNode | undefined,
    wanted: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    batch.most = undefined;
    const [newest] = batch.windows;
    for (const window of node === undefined && newest !== undefined ? [newest] : batch.windows) {
      const found = await estimate(window, node, signal);
      if (found <= tuning.fewFragments) continue;
      const length = (window.endUnixNano - window.startUnixNano) / thousand;
      const micros = BigInt(Math.ceil(Number(length) * Math.min(1, (wanted * slack) / found)));
      batch.slice = micros > shortestMicros ? micros : shortestMicros;
      return;
    }
  }

  function estimate(
    window: Window,
    node: TermNode | undefined,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    return reading(async () => {
      try {
        return await frequencies.estimate(naming.fragmentTable(window), node, signal);
      } catch (error) {
        if (failureOf(error) === "no table") return 0;
        throw error;
      }
    });
  }

  /**
   * Where the next slice begins. It reaches as far up as the batch, but is measured from the end of the search or the newest start seen:
   * above, mostly nothing is listed.
   */
  function sliceStart({ windows, from, to, latest, slice: micros }: Batch): bigint {
    if (micros === undefined) return from;
    const seen = newestSeen.get((windows[0] as Window).name) ?? maxMicros;
    const top = latest < to ? latest : to;
    const start = (seen < top ? seen : top) - micros;
    return start > from ? start : from;
  }

  async function isStill(layout: Layout | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    if (layout === undefined) return true;
    return layout.isStill(await reading(() => client.query(layouts.check, { signal })));
  }

  function noteNewest(windows: readonly Window[], start: bigint): void {
    const window = windows.find(({ startUnixNano }) => startUnixNano / thousand <= start);
    if (window === undefined) return;
    const seen = newestSeen.get(window.name);
    if (seen === undefined || seen < start) newestSeen.set(window.name, start);
  }
}

/** The last microsecond of the newest of these windows. */
function newestStart([newest]: readonly Window[]): bigint {
  return newest === undefined ? 0n : (newest.endUnixNano - 1n) / thousand;
}
