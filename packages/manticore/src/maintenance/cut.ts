import { spansSince, splitByTrace, type Term } from "@spanstore/core/engine";
import { decimal, integer, type Row } from "../connection/client.js";
import { unescaped } from "../connection/literals.js";
import { maxExtentMicros } from "../read/batch.js";
import { fragmentColumns, maxExtentMillis } from "../read/fragments.js";
import { wholeRows } from "../read/row-bytes.js";
import type { Naming } from "../schema/naming.js";
import type { Place } from "../schema/places.js";
import type { Tuning } from "../schema/tuning.js";
import type { Window } from "../schema/windows.js";
import { insertRows } from "../write/insert.js";
import { fragmentRows } from "../write/rows.js";

const noTerms: ReadonlySet<Term> = new Set();
const thousand = 1000n;

export interface CutParts {
  readonly naming: Naming;
  readonly places: readonly Place[];
  readonly tuning: Tuning;
}

/** Deletes the spans of a window that start before a time. @returns whether there were any. */
export async function cutWindow(parts: CutParts, window: Window, time: bigint): Promise<boolean> {
  const { naming, places } = parts;
  const micros = time / thousand;
  const old = [`start_time < ${micros}`];
  if (time % thousand > 0n) old.push(`start_time = ${micros} AND start_time_nanos < ${time % thousand}`);
  const fragments = naming.fragmentTable(window);
  const spans = naming.spanTable(window);
  let found = false;
  for (const place of places) {
    found = (await cutFragments(parts, place, window, time)) || found;
    found = (await deleteWhere(parts, place, fragments, `start_time < ${micros}`)) || found;
    for (const where of old) found = (await deleteWhere(parts, place, spans, where)) || found;
  }
  return found;
}

async function deleteWhere(
  { naming }: CutParts,
  { client }: Place,
  table: string,
  where: string,
): Promise<boolean> {
  const rows = await client.query(`SELECT id FROM ${table} WHERE ${where} LIMIT 1 OPTION max_matches=1`);
  if (rows.length === 0) return false;
  await client.query(`DELETE FROM ${naming.target(table)} WHERE ${where}`);
  return true;
}

/** Shortens fragments whose newest span stays: writes the remaining spans in place of them. */
async function cutFragments(parts: CutParts, place: Place, window: Window, time: bigint): Promise<boolean> {
  const { naming, tuning } = parts;
  const table = naming.fragmentTable(window);
  const first = time / thousand;
  let changed = false;
  for (let after = 0n; ; ) {
    const { rows, isCut } = wholeRows(
      await place.client.query(
        `SELECT ${fragmentColumns} FROM ${table} WHERE id > ${after} ` +
          `AND start_time >= ${first} AND start_time <= ${first + maxExtentMicros} ` +
          `ORDER BY id ASC LIMIT ${tuning.fragmentsPerPage} OPTION max_matches=${tuning.fragmentsPerPage}`,
        { maxBytes: tuning.fragmentBytes },
      ),
    );
    for (const row of rows) changed = (await cutFragment(parts, place, window, row, time)) || changed;
    const last = rows[rows.length - 1];
    if ((!isCut && rows.length < tuning.fragmentsPerPage) || last === undefined) return changed;
    after = integer(last, 0);
  }
}

async function cutFragment(
  { naming, tuning }: CutParts,
  { client, naming: own }: Place,
  window: Window,
  row: Row,
  time: bigint,
): Promise<boolean> {
  const table = naming.fragmentTable(window);
  const encoded = unescaped(row[3] as Buffer);
  const left = spansSince(encoded, time);
  if (left === encoded) return false;
  const remove = `DELETE FROM ${naming.target(table)} WHERE id = ${integer(row, 0)}`;
  if (left === undefined) {
    await client.query(remove);
    return true;
  }
  const { fragments } = splitByTrace(left, { maxExtentMillis });
  const target = {
    table,
    name: naming.target(table),
    shape: naming.fragmentShape,
    ids: own.windows.at(window.startUnixNano).ids,
    lead: `${decimal(row, 2)},`,
  };
  // Inserts the remaining spans before it deletes the row: an interruption leaves copies, which reads show once.
  await insertRows(
    client,
    target,
    fragmentRows(fragments, noTerms, tuning.idOf, naming.fragmentShape),
    tuning,
  );
  await client.query(remove);
  return true;
}
