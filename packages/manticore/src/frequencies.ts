import type { Term, TermNode } from "@spanstore/core";
import { type Client, decimal } from "./client.js";
import { tokenOfTerm } from "./tokens.js";

/** How many fragments of a table hold a term, as far as a plan needs to know it. */
export interface Frequencies {
  /** About how many fragments of a table satisfy the condition at most; all of them for an absent one. */
  readonly estimate: (table: string, node: TermNode | undefined, signal?: AbortSignal) => Promise<number>;
}

/** A count is believed for so long; a wrong one costs time and nothing else. */
const maxAgeMillis = 10_000;
const maxKept = 50_000;

export function createFrequencies(client: Client): Frequencies {
  let counts = new Map<string, number>();
  let since = Date.now();

  const read = async (table: string, tokens: readonly string[], signal?: AbortSignal): Promise<void> => {
    const rows = await client.query(`CALL KEYWORDS('${tokens.join(" ")}', '${table}', 1 AS stats)`, {
      signal,
    });
    for (const row of rows) counts.set(`${table} ${row[1]?.toString("latin1")}`, decimal(row, 3));
  };
  const count = async (table: string, signal?: AbortSignal): Promise<number> => {
    const key = `${table} `;
    let known = counts.get(key);
    if (known === undefined) {
      known = decimal((await client.query(`SELECT COUNT(*) FROM ${table}`, { signal }))[0], 0);
      counts.set(key, known);
    }
    return known;
  };

  return {
    estimate: async (table, node, signal) => {
      if (Date.now() - since > maxAgeMillis || counts.size > maxKept) {
        counts = new Map();
        since = Date.now();
      }
      if (node === undefined) return count(table, signal);
      const terms = new Set<Term>();
      collect(node, terms);
      const unknown = [...terms].map(tokenOfTerm).filter((token) => !counts.has(`${table} ${token}`));
      if (unknown.length > 0) await read(table, unknown, signal);
      return atMost(node, (term) => counts.get(`${table} ${tokenOfTerm(term)}`) ?? 0);
    },
  };
}

function collect(node: TermNode, terms: Set<Term>): void {
  if ("term" in node) terms.add(node.term);
  else for (const each of "all" in node ? node.all : node.any) collect(each, terms);
}

function atMost(node: TermNode, countOf: (term: Term) => number): number {
  if ("term" in node) return countOf(node.term);
  if ("all" in node) return Math.min(...node.all.map((each) => atMost(each, countOf)));
  return node.any.reduce((sum, each) => sum + atMost(each, countOf), 0);
}
