import type { Term } from "@spanstore/core/engine";
import { type Client, integer, type Row } from "../connection/client.js";
import type { Restarts } from "../coordination/restarts.js";
import type { Catalog } from "../schema/catalog.js";
import type { Naming } from "../schema/naming.js";
import { numberId } from "../schema/raise-layout.js";
import type { Window } from "../schema/windows.js";
import { publishStopTerms } from "../terms/stop-terms.js";

/**
 * What a search has to know before it looks: which windows have tables, and which terms are left out there. Any server
 * may add to both at any time, and what it has written there afterwards must be found by every search that begins
 * later.
 *
 * So a server that makes tables or publishes stop terms raises a number before it writes any rows there. A search looks by what was
 * read last, and reads the number in the same packet: while that is what it was, nothing was added.
 */
export interface Layout {
  /** Windows with tables, newest first. */
  readonly windows: readonly Window[];
  /** What may be left out in any window that begins between these times. */
  readonly stopTerms: (fromUnixNano: bigint, toUnixNano: bigint) => ReadonlySet<Term>;
  /** Whether it still was so when {@link Layouts.check} found these rows. */
  readonly isStill: (found: readonly Row[] | undefined) => boolean;
}

export interface Layouts {
  /** What was read last. */
  readonly last: () => Layout | undefined;
  /** The statement that reads the number. */
  readonly check: string;
  /** As it is now. */
  readonly read: (signal?: AbortSignal) => Promise<Layout>;
  /** Writes the lists again that were read before and are lost. */
  readonly restore: () => Promise<void>;
}

const idsPerPage = 4_000;

const none: ReadonlySet<Term> = new Set();

export interface LayoutParts {
  readonly client: Client;
  readonly naming: Naming;
  readonly catalog: Pick<Catalog, "list">;
  readonly restarts: Pick<Restarts, "settled" | "epoch">;
}

export function createLayouts({ client, naming, catalog, restarts }: LayoutParts): Layouts {
  const check = `SELECT window_start FROM ${naming.stopTerms} WHERE id = ${numberId} LIMIT 1 OPTION max_matches=1, threads=1`;
  let last: Layout | undefined;
  /** Lists by the id of their row; they never change. */
  let lists = new Map<bigint, readonly Term[]>();
  /** Where the windows begin that the lists are of. */
  let starts = new Map<bigint, bigint>();

  const select = (columns: string, where: string, signal: AbortSignal | undefined): Promise<readonly Row[]> =>
    client.query(
      `SELECT ${columns} FROM ${naming.stopTerms} WHERE ${where} ORDER BY id ASC LIMIT ${idsPerPage} OPTION max_matches=${idsPerPage}`,
      { signal, doing: "cannot read" },
    );

  /** The ids of all lists, and where the windows begin that they are of. */
  const readStarts = async (signal: AbortSignal | undefined): Promise<Map<bigint, bigint>> => {
    const starts = new Map<bigint, bigint>();
    for (let after = BigInt(numberId); ; ) {
      const rows = await select("id, window_start", `id > ${after} AND window_start >= 0`, signal);
      for (const row of rows) starts.set(integer(row, 0), integer(row, 1));
      const end = rows[rows.length - 1];
      if (rows.length < idsPerPage || end === undefined) return starts;
      after = integer(end, 0);
    }
  };

  const readLists = async (
    ids: Iterable<bigint>,
    signal: AbortSignal | undefined,
  ): Promise<Map<bigint, readonly Term[]>> => {
    const read = new Map<bigint, readonly Term[]>();
    const unknown: bigint[] = [];
    for (const id of ids) {
      const known = lists.get(id);
      if (known === undefined) unknown.push(id);
      else read.set(id, known);
    }
    for (let at = 0; at < unknown.length; at += idsPerPage) {
      const some = unknown.slice(at, at + idsPerPage).join(",");
      for (const row of await select("id, terms", `id IN (${some})`, signal)) {
        const text = (row[1] as Buffer).toString("latin1");
        read.set(integer(row, 0), text === "" ? [] : text.split(" ").map(Number));
      }
    }
    return read;
  };

  return {
    last: () => last,
    check,
    read: async (signal) => {
      for (;;) {
        const epoch = await restarts.settled();
        // Reads the number first: later additions are read too, or raise it again.
        const number = numberOf(await client.query(check, { signal, doing: "cannot read" }));
        const [windows, found] = await Promise.all([catalog.list(signal), readStarts(signal)]);
        // A searchd that started again since may have lost rows: they are stored again first.
        if (restarts.epoch() !== epoch) continue;
        lists = await readLists(found.keys(), signal);
        starts = found;
        last = {
          windows,
          stopTerms: stopTermsOf(naming, found, lists),
          isStill: (rows) => number !== undefined && numberOf(rows) === number,
        };
        return last;
      }
    },
    restore: async () => {
      const found = await readStarts(undefined);
      const lost = [...starts].filter(([id]) => !found.has(id));
      await publishStopTerms(
        client,
        naming,
        lost.map(([id, start]) => ({
          window: naming.windows.at(start * 1000n),
          terms: lists.get(id) ?? [],
        })),
      );
    },
  };
}

function numberOf(rows: readonly Row[] | undefined): string | undefined {
  return rows?.[0]?.[0]?.toString("latin1");
}

function stopTermsOf(
  { windows }: Naming,
  starts: ReadonlyMap<bigint, bigint>,
  lists: ReadonlyMap<bigint, readonly Term[]>,
): Layout["stopTerms"] {
  // Most searches look back equally far.
  let known: { readonly key: string; readonly terms: ReadonlySet<Term> } | undefined;
  return (fromUnixNano, toUnixNano) => {
    if (starts.size === 0) return none;
    const from = startOf(windows.at(fromUnixNano));
    const to = startOf(windows.at(toUnixNano));
    const key = `${from} ${to}`;
    if (known?.key !== key) {
      const ids = [...starts].filter(([, start]) => start >= from && start <= to).map(([id]) => id);
      known = { key, terms: new Set(ids.flatMap((id) => lists.get(id) ?? [])) };
    }
    return known.terms;
  };
}

function startOf({ startUnixNano }: Window): bigint {
  return startUnixNano / 1000n;
}
