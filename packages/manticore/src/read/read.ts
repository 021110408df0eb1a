import { createFragmentCache, type EngineReader, type Fragment } from "@spanstore/core/engine";
import { integer, type Row } from "../connection/client.js";
import { failureOf, storeError } from "../connection/errors.js";
import type { Window } from "../schema/windows.js";
import { createFrequencies } from "../terms/frequencies.js";
import { matchTrace } from "../terms/tokens.js";
import { createCandidates } from "./candidates.js";
import { fragmentColumns, fragmentKeyOf, fragmentKeys, fragmentOf } from "./fragments.js";
import type { ReaderParts } from "./reader-parts.js";
import { type WholeRows, wholeRows } from "./row-bytes.js";
import { threadsFor } from "./slices.js";

const tracesTogether = 50;
/** The assumed fragments of a trace, when their size limits how many traces are read together. */
const fragmentsOfATrace = 4;
/** The least row limit for traces that are read together. */
const leastTogether = 8;
/** Attempts of a read whose tables are dropped. */
const maxTries = 5;

export function createReader(parts: ReaderParts): Pick<EngineReader, "candidates" | "fragments"> {
  const { client, naming, layouts, rowBytes } = parts;
  const { fragmentsTogether, fragmentsPerPage, fragmentBytes } = parts.tuning;
  const cache = createFragmentCache();

  const statement = (windows: readonly Window[], columns: string, condition: string, limit: number): string =>
    `SELECT ${columns} FROM ${windows.map(naming.fragmentTable).join(",")} WHERE ${condition} ` +
    `ORDER BY start_time ASC, id ASC LIMIT ${limit} OPTION max_matches=${limit}, ranker=none${threadsFor(windows)}`;

  /** Reads from all windows. It tries the last snapshot first, and checks in the same packet that it is current. */
  const readAll = async (
    columns: string,
    condition: string,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[]> => {
    const options = { signal, doing: "cannot read traces", maxBytes: fragmentBytes };
    const last = layouts.last();
    if (last !== undefined && last.windows.length > 0) {
      const select = statement(last.windows, columns, condition, limit);
      try {
        const [found, rows] = await client.together([layouts.check, select], options);
        if (rows !== undefined && last.isStill(found)) return rows;
      } catch (error) {
        if (failureOf(error) !== "no table") throw error;
      }
    }
    for (let attempt = 1; ; attempt++) {
      const { windows } = await layouts.read(signal);
      if (windows.length === 0) return [];
      try {
        const [rows = []] = await client.together([statement(windows, columns, condition, limit)], options);
        return rows;
      } catch (error) {
        // A window was dropped meanwhile.
        if (failureOf(error) !== "no table" || attempt === maxTries) throw error;
      }
    }
  };

  /** Reads as many fragments as may be held at once. */
  const readWhole = async (
    condition: string,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<WholeRows> => {
    const whole = wholeRows(await readAll(fragmentColumns, condition, limit, signal));
    rowBytes.note(whole.rows);
    return whole;
  };

  /** Reads all fragments of some traces; undefined when there are too many for one answer. */
  const together = async (
    traceIds: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, readonly Fragment[]> | undefined> => {
    const kept = traceIds.map(cache.of);
    const match = `MATCH('${traceIds.map(matchTrace).join("|")}')`;
    const atMost = Math.max(2 * rowBytes.rowsWithin(fragmentBytes), leastTogether);
    const limit = Math.min(fragmentsTogether, atMost);
    const fragments = kept.every(({ size }) => size > 0)
      ? await readUnknown(match, limit, new Map(kept.flatMap((own) => [...own])), signal)
      : await readUpTo(match, limit, signal);
    if (fragments === undefined) return undefined;
    const byTrace = new Map<string, Fragment[]>();
    for (const fragment of fragments) {
      const own = byTrace.get(fragment.traceId);
      if (own === undefined) byTrace.set(fragment.traceId, [fragment]);
      else own.push(fragment);
    }
    return byTrace;
  };

  /** Reads all fragments that match; undefined when there are too many. */
  const readUpTo = async (
    condition: string,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly Fragment[] | undefined> => {
    const { rows, isCut } = await readWhole(condition, limit, signal);
    return isCut || rows.length === limit ? undefined : rows.map(fragmentOf);
  };

  /** {@link readUpTo} with the cache: reads keys first, then the bytes of unknown fragments. */
  const readUnknown = async (
    condition: string,
    limit: number,
    known: ReadonlyMap<string, Fragment>,
    signal: AbortSignal | undefined,
  ): Promise<readonly Fragment[] | undefined> => {
    const keys = await readAll(fragmentKeys, condition, limit, signal);
    if (keys.length === limit) return undefined;
    const atHand = keys.map((key) => known.get(fragmentKeyOf(key)));
    const ids = keys.filter((_, i) => atHand[i] === undefined).map((key) => integer(key, 0));
    if (ids.length === 0) return atHand.filter((fragment) => fragment !== undefined);
    const { rows, isCut } = await readWhole(`id IN (${ids.join(",")})`, ids.length, signal);
    if (isCut) return undefined;
    const read = new Map(rows.map((row) => [integer(row, 0), row]));
    return keys.flatMap((key, i) => {
      const row = read.get(integer(key, 0));
      // A fragment without bytes was deleted meanwhile.
      return row === undefined ? (atHand[i] ?? []) : fragmentOf(row);
    });
  };

  async function* pagesOf(
    traceId: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly Fragment[], void> {
    const match = `MATCH('${matchTrace(traceId)}')`;
    for (let after = ""; ; ) {
      const limit = Math.min(fragmentsPerPage, rowBytes.rowsWithin(fragmentBytes));
      const { rows, isCut } = await readWhole(`${match}${after}`, limit, signal);
      // Several traces may share a token.
      const own = rows.map(fragmentOf).filter((fragment) => fragment.traceId === traceId);
      if (own.length > 0) yield own;
      const last = rows[rows.length - 1];
      if ((!isCut && rows.length < limit) || last === undefined) return;
      const start = integer(last, 1);
      after = ` AND (start_time > ${start} OR (start_time = ${start} AND id > ${integer(last, 0)}))`;
    }
  }

  return {
    candidates: createCandidates({ ...parts, frequencies: createFrequencies(client), cache }),

    async *fragments(traceIds, signal): AsyncGenerator<readonly Fragment[], void> {
      try {
        for (let at = 0; at < traceIds.length; ) {
          const fit = Math.ceil(rowBytes.rowsWithin(fragmentBytes) / fragmentsOfATrace);
          const some = traceIds.slice(at, at + Math.min(tracesTogether, fit));
          at += some.length;
          const byTrace = await together(some, signal);
          for (const traceId of some) {
            if (byTrace === undefined) yield* pagesOf(traceId, signal);
            else yield byTrace.get(traceId) ?? [];
          }
        }
      } catch (error) {
        throw storeError(error, "cannot read traces");
      }
    },
  };
}
