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

/** The row that was read last. */
export interface SlicePosition {
  readonly start: bigint;
  readonly id: bigint;
}

/** One statement of a search: the newest fragments of some windows that may match. */
export interface Slice {
  readonly windows: readonly Window[];
  readonly node: TermNode | undefined;
  /** Of starts, in microseconds, both inclusive. */
  readonly from: bigint;
  readonly to: bigint;
  /** The latest start that is searched for, in microseconds: a fragment whose oldest span starts later has none of it. */
  readonly latest: bigint;
  /** Whether older ones are left, so that the index had better pass over them. */
  readonly isPart: boolean;
  /** Only what comes behind it. */
  readonly cursor: SlicePosition | undefined;
  /** At most so many. */
  readonly wanted: number;
  /** With so many that match, the search may end early, and its rows are not the newest. */
  readonly most: number | undefined;
  /** The layout that the answer has to prove current; undefined once an answer has. */
  readonly layout: Layout | undefined;
}

/** A read whose tables vanish is tried so often. */
const maxTries = 5;
/** Of one or two windows the index finds in less time than it takes to share the work. */
const windowsOfOneThread = 2;
/** Of so many windows nearly none has anything, and to share them out costs half of the time: 152 ms in place of 105 with 2,881. */
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
        // A window was dropped: what it held is deleted.
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

/** An option of a statement that searches these tables by the index. */
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
