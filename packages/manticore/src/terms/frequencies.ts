import type { Term, TermNode } from "@spanstore/core/engine";
import { type Client, decimal } from "../connection/client.js";
import { tokenOfTerm } from "./tokens.js";

/** A cache of how many fragments of a table have a term, to plan searches. */
export interface Frequencies {
  /** About how many fragments of a table satisfy a condition at most; all of them without a condition. */
  readonly estimate: (table: string, node: TermNode | undefined, signal?: AbortSignal) => Promise<number>;
  /** The same from the cache, however old; undefined when too little is known. */
  readonly lastEstimate: (table: string, node: TermNode | undefined) => number | undefined;
}

/** How long a count stays valid. A wrong one costs only time. */
const maxAgeMillis = 10_000;
const maxKept = 50_000;

interface Count {
  readonly fragments: number;
  readonly at: number;
}

export function createFrequencies(client: Client): Frequencies {
  const counts = new Map<string, Count>();

  const read = async (table: string, tokens: readonly string[], signal?: AbortSignal): Promise<void> => {
    const rows = await client.query(`CALL KEYWORDS('${tokens.join(" ")}', '${table}', 1 AS stats)`, {
      signal,
    });
    for (const row of rows) put(keyOf(table, String(row[1]?.toString("latin1"))), decimal(row, 3));
  };
  const countAll = async (table: string, signal?: AbortSignal): Promise<void> => {
    put(keyOf(table), decimal((await client.query(`SELECT COUNT(*) FROM ${table}`, { signal }))[0], 0));
  };
  const put = (key: string, fragments: number): void => {
    if (counts.size >= maxKept) counts.clear();
    counts.set(key, { fragments, at: Date.now() });
  };
  const isNew = (key: string): boolean => {
    const age = Date.now() - (counts.get(key)?.at ?? Number.NEGATIVE_INFINITY);
    return age <= maxAgeMillis && age >= 0;
  };

  const lastEstimate: Frequencies["lastEstimate"] = (table, node) => {
    if (node === undefined) return counts.get(keyOf(table))?.fragments;
    return atMost(node, (term) => counts.get(keyOf(table, tokenOfTerm(term)))?.fragments);
  };

  return {
    estimate: async (table, node, signal) => {
      if (node === undefined) {
        if (!isNew(keyOf(table))) await countAll(table, signal);
      } else {
        const terms = new Set<Term>();
        collect(node, terms);
        const unknown = [...terms].map(tokenOfTerm).filter((token) => !isNew(keyOf(table, token)));
        if (unknown.length > 0) await read(table, unknown, signal);
      }
      return lastEstimate(table, node) ?? 0;
    },
    lastEstimate,
  };
}

/** The cache key for fragments with a token, or for all fragments. */
function keyOf(table: string, token = ""): string {
  return `${table} ${token}`;
}

function collect(node: TermNode, terms: Set<Term>): void {
  if ("term" in node) terms.add(node.term);
  else for (const each of "all" in node ? node.all : node.any) collect(each, terms);
}

/** Undefined when too little is known. */
function atMost(node: TermNode, countOf: (term: Term) => number | undefined): number | undefined {
  if ("term" in node) return countOf(node.term);
  const counts = ("all" in node ? node.all : node.any).map((each) => atMost(each, countOf));
  if ("all" in node) {
    const known = counts.filter((count) => count !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }
  return counts.includes(undefined)
    ? undefined
    : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}
