import {
  type CandidateBatch,
  type CandidateSearch,
  type FragmentCache,
  isImpossible,
  requiredTerms,
  type TermNode,
} from "@spanstore/core/engine";
import { integer, type Row } from "../connection/client.js";
import type { Window } from "../schema/windows.js";
import type { Frequencies } from "../terms/frequencies.js";
import { withoutTerms } from "../terms/stop-terms.js";
import {
  afterSlice,
  type Batch,
  batchOf,
  groupsOf,
  isOver,
  lastNewestStart,
  lastStartOf,
  sliceStart,
  windowsOf,
} from "./batch.js";
import { fragmentKeyOf, fragmentOf } from "./fragments.js";
import type { Layout } from "./layout.js";
import { createNewestSeen } from "./newest-seen.js";
import type { ReaderParts } from "./reader-parts.js";
import { createSliceReader, reading } from "./slices.js";
import { createSlicing } from "./slicing.js";

const thousand = 1000n;

/** A search, and the layout that it uses. */
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

/** Lists the fragments that may match, newest first: by groups of windows, and slices of time within a group. */
export function createCandidates(
  parts: CandidateParts,
): (search: CandidateSearch, signal?: AbortSignal) => AsyncGenerator<CandidateBatch, void> {
  const { client, layouts, cache, rowBytes, tuning } = parts;
  const [minListed, maxListed] = tuning.listed;
  const newestSeen = createNewestSeen();
  const slicing = createSlicing(parts);
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

  /** @param unproved whether the layout is an earlier search's. "outdated" is returned before anything is listed. */
  async function* walk(
    { search, required, layout, signal }: Plan,
    unproved: boolean,
  ): AsyncGenerator<CandidateBatch, "done" | "outdated"> {
    const stop = layout.stopTerms(search.startTimeMinUnixNano, lastNewestStart(search));
    const node = required === undefined ? undefined : withoutTerms(required, stop);
    let wanted = Math.min(Math.max(search.limit + (search.limit >> 1), minListed), maxListed);
    let toProve = unproved ? layout : undefined;
    for (const { windows, left } of groupsOf(windowsOf(search, layout.windows))) {
      let batch: Batch = batchOf(windows, search);
      // A condition of unknown frequency searches the whole batch. If it is frequent, searchd stops early, and it is
      // counted.
      let most: number | undefined = tuning.fewFragments + wanted;
      if (node === undefined || slicing.isFrequent(windows, node)) {
        most = undefined;
        batch = { ...batch, slice: await slicing.firstSlice(windows, node, wanted, signal) };
      }
      while (!isOver(batch)) {
        const from = sliceStart(batch, newestSeen.in(windows[0] as Window));
        const isPart = batch.slice !== undefined;
        const asked = Math.min(wanted, rowBytes.rowsWithin(tuning.candidateBytes));
        const answer = await readSlice(
          { ...batch, node, from, isPart, wanted: asked, most, layout: toProve },
          signal,
        );
        if (answer === "outdated") return answer;
        toProve = undefined;
        most = undefined;
        if (answer === "too many") {
          batch = { ...batch, slice: await slicing.firstSlice(windows, node, wanted, signal) };
          continue;
        }
        const { rows, isCut } = answer;
        const [first, last] = [rows[0], rows[rows.length - 1]];
        if (first !== undefined && batch.cursor === undefined) newestSeen.note(windows, integer(first, 1));
        const hasMore = last !== undefined && (isCut || rows.length === asked);
        batch = afterSlice(batch, from, hasMore ? positionOf(last) : undefined);
        if (rows.length === wanted) wanted = Math.min(wanted * 2, maxListed);
        const later = isOver(batch) ? lastStartOf(left) : batch.to;
        yield { fragments: fragmentsOf(rows), laterStartAtMostUnixNano: later * thousand + (thousand - 1n) };
      }
    }
    // Without windows in the range no statement has proved the layout yet.
    return (await isStill(toProve, signal)) ? "done" : "outdated";
  }

  function fragmentsOf(rows: readonly Row[]): CandidateBatch["fragments"] {
    return rows.map((row) => {
      const fragment = fragmentOf(row);
      cache.add(fragmentKeyOf(row), fragment);
      return fragment;
    });
  }

  async function isStill(layout: Layout | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    if (layout === undefined) return true;
    return layout.isStill(await reading(() => client.query(layouts.check, { signal })));
  }
}

function positionOf(row: Row): { readonly start: bigint; readonly id: bigint } {
  return { start: integer(row, 1), id: integer(row, 0) };
}
