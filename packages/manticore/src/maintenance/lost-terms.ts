import { splitByTrace, type Term } from "@spanstore/core/engine";
import { integer, type Row } from "../connection/client.js";
import { unescaped } from "../connection/literals.js";
import { maxExtentMillis } from "../read/fragments.js";
import { idIn } from "../schema/ids.js";
import type { Place } from "../schema/places.js";
import type { Window } from "../schema/windows.js";
import { tokenOfTerm } from "../terms/tokens.js";

/** Fragments are looked at in so many parts of a window, and in its newest part. */
const parts = 16;
/** Terms that one statement asks for. */
const termsPerStatement = 128;

/**
 * Finds terms that fragments hold and the index of their table lacks, beside those that are known to be left out. Such a
 * term is one of a list that was lost, and searches for it miss fragments.
 * @param known what searches know to be left out in this window.
 * @param most about how many fragments are looked at, spread over the window.
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
  for (const row of await sampleOf(place, window, table, most)) {
    const [fragment] = splitByTrace(unescaped(row[1] as Buffer), { maxExtentMillis }).fragments;
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

async function sampleOf(
  { client }: Place,
  { ids, startUnixNano, endUnixNano }: Window,
  table: string,
  most: number,
): Promise<readonly Row[]> {
  const limit = Math.max(1, Math.ceil(most / (parts + 1)));
  const select = (where: string, order: string): Promise<readonly Row[]> =>
    client.query(
      `SELECT id, encoded FROM ${table} ${where} ORDER BY id ${order} LIMIT ${limit} OPTION max_matches=${limit}`,
      { doing: "cannot compare the index with what is stored" },
    );
  const byId = new Map<bigint, Row>();
  const add = (rows: readonly Row[]): void => {
    for (const row of rows) byId.set(integer(row, 0), row);
  };
  add(await select("", "DESC"));
  for (let part = 0n; part < parts; part++) {
    const start = startUnixNano + ((endUnixNano - startUnixNano) / BigInt(parts)) * part;
    add(await select(`WHERE id >= ${idIn(ids, start, 0n)}`, "ASC"));
  }
  return [...byId.values()];
}

/** Those of a row's terms that its index lacks, found by halves: mostly there are none, or many in one half. */
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
  // A fragment that was deleted meanwhile lacks nothing.
  const rows = await place.client.query(`SELECT id FROM ${table} WHERE id = ${id} LIMIT 1`);
  return rows.length > 0 ? terms : [];
}
