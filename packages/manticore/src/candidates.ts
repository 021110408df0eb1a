import {
  type CandidateSearch,
  type CandidateWindow,
  isImpossible,
  requiredTerms,
  type TermNode,
} from "@spanstore/core";
import { integer } from "./client.js";
import { failureOf, storeError } from "./errors.js";
import type { FragmentCache } from "./fragment-cache.js";
import { fragmentColumns, fragmentOf, maxExtentMillis } from "./fragments.js";
import type { Frequencies } from "./frequencies.js";
import type { ReaderParts } from "./read.js";
import { withoutTerms } from "./stop-terms.js";
import { matchTime } from "./time-tokens.js";
import { matchTerms } from "./tokens.js";
import type { Window } from "./windows.js";

/** Windows are asked together in numbers that double from this: mostly the newest has all that is wanted. */
const firstWindows = 2;
const maxWindows = 64;
/** A slice is to hold so many times what is wanted; each one that holds less is followed by a longer one. */
const slack = 4;
const growth = 4n;
/** So often tables may vanish under a read before that is an error. */
const maxTries = 5;
const thousand = 1000n;
const maxMicros = (1n << 64n) / thousand;
/** A slice is no shorter than this. */
const shortestMicros = 1_000_000n;

/** How much later than one of its spans a fragment's newest span may start; one more for what is rounded. */
export const maxExtentMicros = BigInt(maxExtentMillis + 1) * thousand;

/** The last row that was read. */
interface Cursor {
  readonly start: bigint;
  readonly id: bigint;
}

/** Windows that are asked together, and what is left to be asked of them. */
interface Batch {
  readonly windows: readonly Window[];
  /** Of starts, in microseconds, both inclusive. */
  readonly from: bigint;
  to: bigint;
  cursor: Cursor | undefined;
  /** How much time is asked for next, backwards; undefined: all that is left. */
  slice: bigint | undefined;
}

export interface CandidateParts extends ReaderParts {
  readonly cache: FragmentCache;
  readonly frequencies: Frequencies;
}

/** Lists fragments newest first, by the index and the time, table by table and slice by slice. */
export function createCandidates(
  parts: CandidateParts,
): (search: CandidateSearch, signal?: AbortSignal) => AsyncGenerator<CandidateWindow, void> {
  const { client, naming, catalog, stopTerms, frequencies, cache, tuning } = parts;
  const [minListed, maxListed] = tuning.listed;
  /** Of windows: the newest start that was seen. Searches begin there, since behind it there is mostly nothing. */
  const newestSeen = new Map<string, bigint>();

  return async function* candidates(search, signal) {
    const required = requiredTerms(search.predicate);
    if (required !== undefined && isImpossible(required)) return;
    const last = search.startTimeMaxUnixNano + maxExtentMicros * thousand;
    // In this order: a term that was known as common to whoever wrote a fragment is known here.
    const [listed, stop] = await reading(() =>
      Promise.all([
        catalog.list(signal),
        required === undefined
          ? new Set<number>()
          : stopTerms.between(search.startTimeMinUnixNano, last, signal),
      ]),
    );
    const node = required === undefined ? undefined : withoutTerms(required, stop);
    let left = listed.filter(
      ({ startUnixNano, endUnixNano }) => endUnixNano > search.startTimeMinUnixNano && startUnixNano <= last,
    );
    let wanted = Math.min(Math.max(search.limit + (search.limit >> 1), minListed), maxListed);

    for (let size = firstWindows; left.length > 0; size = Math.min(size * 2, maxWindows)) {
      const windows = left.slice(0, size);
      left = left.slice(windows.length);
      const batch = batchOf(windows, search);
      batch.slice = await sliceOf(batch, node, wanted, signal);
      while (batch.to >= batch.from) {
        const sliceFrom = sliceStart(batch);
        const rows = await readSlice(batch, sliceFrom, node, wanted, signal);
        const lastRow = rows[rows.length - 1];
        if (rows.length === wanted && lastRow !== undefined) {
          batch.cursor = { start: integer(lastRow, 1), id: integer(lastRow, 0) };
          batch.to = batch.cursor.start;
          wanted = Math.min(wanted * 2, maxListed);
        } else {
          batch.cursor = undefined;
          batch.to = sliceFrom - 1n;
          if (batch.slice !== undefined) batch.slice *= growth;
        }
        const later = batch.to >= batch.from ? batch.to : newestStart(left);
        yield {
          fragments: rows.map((row) => {
            const fragment = fragmentOf(row);
            cache.add(row, fragment);
            return fragment;
          }),
          laterStartAtMostUnixNano: later * thousand + (thousand - 1n),
        };
      }
    }
  };

  function batchOf(windows: readonly Window[], search: CandidateSearch): Batch {
    const from = search.startTimeMinUnixNano / thousand;
    const to = search.startTimeMaxUnixNano / thousand + maxExtentMicros;
    const newest = newestStart(windows);
    const oldest = (windows[windows.length - 1] as Window).startUnixNano / thousand;
    return {
      windows,
      from: oldest > from ? oldest : from,
      to: newest < to ? newest : to,
      cursor: undefined,
      slice: undefined,
    };
  }

  /** How much time the first slice takes: all, unless the newest of the windows holds much of what is searched. */
  async function sliceOf(
    { windows: [newest] }: Batch,
    node: TermNode | undefined,
    wanted: number,
    signal: AbortSignal | undefined,
  ): Promise<bigint | undefined> {
    const { startUnixNano, endUnixNano } = newest as Window;
    const found = await reading(async () => {
      try {
        return await frequencies.estimate(naming.fragmentTable(newest as Window), node, signal);
      } catch (error) {
        if (failureOf(error) === "no table") return 0;
        throw error;
      }
    });
    if (found <= tuning.fewFragments) return undefined;
    const length = (endUnixNano - startUnixNano) / thousand;
    const slice = BigInt(Math.ceil(Number(length) * Math.min(1, (wanted * slack) / found)));
    return slice > shortestMicros ? slice : shortestMicros;
  }

  /** Where the next slice begins. It reaches as far up as the batch, but is measured from the newest start seen. */
  function sliceStart({ windows, from, to, slice }: Batch): bigint {
    if (slice === undefined) return from;
    const seen = newestSeen.get((windows[0] as Window).name) ?? maxMicros;
    const start = (seen < to ? seen : to) - slice;
    return start > from ? start : from;
  }

  async function readSlice(
    { windows, to, cursor, slice }: Batch,
    from: bigint,
    node: TermNode | undefined,
    wanted: number,
    signal: AbortSignal | undefined,
  ) {
    const time = slice === undefined ? undefined : matchTime(from, to);
    const match = node === undefined ? [] : [matchTerms(node), ...(time === undefined ? [] : [time])];
    const conditions = [
      ...(match.length > 0 ? [`MATCH('${match.join(" ")}')`] : []),
      `start_time >= ${from}`,
      cursor === undefined
        ? `start_time <= ${to}`
        : `(start_time < ${cursor.start} OR (start_time = ${cursor.start} AND id > ${cursor.id}))`,
    ];
    let tables = windows;
    for (let attempt = 1; tables.length > 0; attempt++) {
      try {
        const rows = await client.query(
          `SELECT ${fragmentColumns} FROM ${tables.map(naming.fragmentTable).join(",")} ` +
            `WHERE ${conditions.join(" AND ")} ORDER BY start_time DESC, id ASC ` +
            `LIMIT ${wanted} OPTION max_matches=${wanted}, ranker=none`,
          { signal, doing: "cannot search" },
        );
        const [first] = rows;
        if (first !== undefined && cursor === undefined) noteNewest(tables, integer(first, 1));
        return rows;
      } catch (error) {
        // A window was dropped: what it held is deleted.
        if (failureOf(error) !== "no table" || attempt === maxTries) throw storeError(error, "cannot search");
        const now = new Set((await reading(() => catalog.list(signal))).map(({ name }) => name));
        tables = tables.filter(({ name }) => now.has(name));
      }
    }
    return [];
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

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw storeError(error, "cannot search");
  }
}
