import type { TermNode } from "@spanstore/core/engine";
import { decimal } from "../connection/client.js";
import { failureOf, storeError } from "../connection/errors.js";
import type { Naming } from "../schema/naming.js";
import type { Window } from "../schema/windows.js";
import { matchTime } from "../terms/time-tokens.js";
import { matchTerms } from "../terms/tokens.js";
import { fragmentColumns } from "./fragments.js";
import type { Layout } from "./layout.js";
import type { ReaderParts } from "./reader-parts.js";
import { type WholeRows, wholeRows } from "./row-bytes.js";

/** The position of a row in the order of a search. */
export interface SlicePosition {
  readonly start: bigint;
  readonly id: bigint;
}

/** One statement of a search: the newest fragments of some windows that may match. */
export interface Slice {
  readonly windows: readonly Window[];
  readonly node: TermNode | undefined;
  /** Bounds of newest starts, in microseconds, both inclusive. */
  readonly from: bigint;
  readonly to: bigint;
  /** The end of the search, in microseconds: fragments whose oldest span starts later are skipped. */
  readonly latest: bigint;
  /** Whether older fragments are left, which tokens of time make the index skip. */
  readonly isPart: boolean;
  /** Reads rows after this one. */
  readonly cursor: SlicePosition | undefined;
  /** The most rows of the answer. */
  readonly wanted: number;
  /** searchd may stop after this many matches; the rows are not the newest then, and the result is "too many". */
  readonly most: number | undefined;
  /** The layout that the answer has to prove current; undefined once one has. */
  readonly layout: Layout | undefined;
}

/** Attempts of a read whose tables are dropped. */
const maxTries = 5;
/** One or two windows are searched in less time than it takes to distribute them over threads. */
const windowsOfOneThread = 2;
/**
 * Of this many windows most have no match, and distributing them only costs time: 2,881 windows take 152 ms on several
 * threads and 105 ms on one.
 */
const manyWindows = 256;

export function createSliceReader({
  client,
  naming,
  catalog,
  layouts,
  rowBytes,
  tuning,
}: ReaderParts): (slice: Slice, signal?: AbortSignal) => Promise<"outdated" | "too many" | WholeRows> {
  const maxBytes = tuning.candidateBytes;
  return async (slice, signal) => {
    const { layout, most } = slice;
    let { windows } = slice;
    let isUpgraded = false;
    for (let attempt = 1; windows.length > 0; attempt++) {
      try {
        const answers = await client.together(
          [
            ...(layout === undefined ? [] : [layouts.check]),
            statementOf(slice, naming, windows.map(naming.fragmentTable)),
            ...(most === undefined ? [] : ["SHOW META LIKE 'total_found'"]),
          ],
          { signal, doing: "cannot search", maxBytes },
        );
        if (layout?.isStill(answers[0]) === false) return "outdated";
        const total = answers[answers.length - 1]?.[0];
        if (most !== undefined && (total === undefined || decimal(total, 1) >= most)) return "too many";
        const whole = wholeRows(answers[layout === undefined ? 0 : 1] ?? []);
        rowBytes.note(whole.rows);
        return whole;
      } catch (error) {
        if (failureOf(error) === "no column" && !isUpgraded) {
          await reading(() => catalog.upgrade(windows));
          isUpgraded = true;
          continue;
        }
        // A window was dropped, so its fragments are deleted.
        if (failureOf(error) !== "no table" || attempt === maxTries) throw storeError(error, "cannot search");
        if (layout !== undefined) return "outdated";
        const now = new Set((await reading(() => layouts.read(signal))).windows.map(({ name }) => name));
        windows = windows.filter(({ name }) => now.has(name));
      }
    }
    return { rows: [], isCut: false };
  };
}

function statementOf(
  { node, from, to, latest, isPart, cursor, wanted, most }: Slice,
  { fragmentShape }: Naming,
  tables: readonly string[],
): string {
  const hasOldest = fragmentShape.columns.some(({ name }) => name === "oldest_start");
  const time = isPart ? matchTime(from, to) : undefined;
  const match = node === undefined ? [] : [matchTerms(node), ...(time === undefined ? [] : [time])];
  const conditions = [
    ...(match.length > 0 ? [`MATCH('${match.join(" ")}')`] : []),
    `start_time >= ${from}`,
    cursor === undefined
      ? `start_time <= ${to}`
      : `(start_time < ${cursor.start} OR (start_time = ${cursor.start} AND id > ${cursor.id}))`,
    ...(hasOldest && latest < to ? [`oldest_start <= ${latest}`] : []),
  ];
  return (
    `SELECT ${fragmentColumns} FROM ${tables.join(",")} WHERE ${conditions.join(" AND ")} ` +
    `ORDER BY start_time DESC, id ASC LIMIT ${wanted} OPTION max_matches=${wanted}, ranker=none` +
    (most === undefined ? "" : `, cutoff=${most}`) +
    (node === undefined ? "" : threadsFor(tables))
  );
}

/** The option `threads` for a statement that searches these tables by the index. */
export function threadsFor(tables: readonly unknown[]): string {
  return tables.length <= windowsOfOneThread || tables.length >= manyWindows ? ", threads=1" : "";
}

export async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw storeError(error, "cannot search");
  }
}
