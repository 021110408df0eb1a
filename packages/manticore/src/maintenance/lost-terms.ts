import { splitByTrace, type Term } from "@spanstore/core/engine";
import { decimal, integer, type Row } from "../connection/client.js";
import { unescaped } from "../connection/literals.js";
import { fragmentColumns, maxExtentMillis } from "../read/fragments.js";
import { wholeRows } from "../read/row-bytes.js";
import type { Place } from "../schema/places.js";
import { tokenOfTerm } from "../terms/tokens.js";

/** Fragments are sampled from this many equal parts of the writes, and from the last write. */
const parts = 16;
/** Bytes of fragments held at once. */
const maxBytes = 1024 * 1024;
/** Terms in one statement. */
const termsPerStatement = 128;

/**
 * Finds terms that fragments have and the index of their table lacks, except known stop terms. Such a term belongs to a
 * lost list, and searches for it miss fragments.
 *
 * Once a server knows a list, it leaves its terms out of all that it writes to the window. So the sample follows the
 * order of writes. Ids would not do: they follow the start of spans, and are random within seconds.
 * @param known the stop terms of this window that searches know.
 * @param most about how many fragments are compared, spread over the writes.
 */
export async function findLostTerms(
  place: Place,
  name: string,
  known: ReadonlySet<Term>,
  most: number,
): Promise<ReadonlySet<Term>> {
  const lost = new Set<Term>();
  const window = place.naming.windows.named(name);
  if (window === undefined) return lost;
  const table = place.naming.fragmentTable(window);
  for await (const row of sampleOf(place, table, most)) {
    const [fragment] = splitByTrace(unescaped(row[3] as Buffer), { maxExtentMillis }).fragments;
    const terms: Term[] = [];
    fragment?.terms.forEach((term) => {
      if (!known.has(term) && !lost.has(term)) terms.push(term);
    });
    for (let at = 0; at < terms.length; at += termsPerStatement) {
      const some = terms.slice(at, at + termsPerStatement);
      for (const term of await missing(place, table, integer(row, 0), some)) lost.add(term);
    }
  }
  return lost;
}

async function* sampleOf({ client }: Place, table: string, most: number): AsyncGenerator<Row, void> {
  const limit = Math.max(1, Math.ceil(most / (parts + 1)));
  const doing = "cannot compare the index with what is stored";
  const [bounds] = await client.query(`SELECT MIN(sequence), MAX(sequence) FROM ${table}`, { doing });
  const [first, last] = [decimal(bounds, 0), decimal(bounds, 1)];
  const seen = new Set<bigint>();
  for (let part = parts; part >= 0; part--) {
    const from = first + Math.floor(((last - first) / parts) * part);
    const found = await client.query(
      `SELECT ${fragmentColumns} FROM ${table} WHERE sequence >= ${from} ` +
        `ORDER BY sequence ASC, id ASC LIMIT ${limit} OPTION max_matches=${limit}`,
      { doing, maxBytes },
    );
    for (const row of wholeRows(found).rows) {
      const id = integer(row, 0);
      if (seen.has(id)) continue;
      seen.add(id);
      yield row;
    }
  }
}

/** Bisects for the terms of a row that the index lacks: mostly none, or many in one half. */
async function missing(
  place: Place,
  table: string,
  id: bigint,
  terms: readonly Term[],
): Promise<readonly Term[]> {
  if (terms.length === 0) return [];
  const match = terms.map((term) => `"${tokenOfTerm(term)}"`).join(" ");
  const found = await place.client.query(
    `SELECT id FROM ${table} WHERE id = ${id} AND MATCH('${match}') LIMIT 1 OPTION max_matches=1, ranker=none`,
    { doing: "cannot compare the index with what is stored" },
  );
  if (found.length > 0) return [];
  if (terms.length > 1) {
    const half = terms.length >> 1;
    return [
      ...(await missing(place, table, id, terms.slice(0, half))),
      ...(await missing(place, table, id, terms.slice(half))),
    ];
  }
  // A fragment that was deleted meanwhile does not count.
  const rows = await place.client.query(`SELECT id FROM ${table} WHERE id = ${id} LIMIT 1`);
  return rows.length > 0 ? terms : [];
}
