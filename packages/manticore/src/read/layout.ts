import type { Term } from "@spanstore/core/engine";
import { type Client, integer, type Row } from "../connection/client.js";
import type { Restarts } from "../coordination/restarts.js";
import type { Catalog } from "../schema/catalog.js";
import type { Naming } from "../schema/naming.js";
import { numberId } from "../schema/raise-layout.js";
import type { Window } from "../schema/windows.js";
import { publishStopTerms } from "../terms/stop-terms.js";

/**
 * A snapshot of the schema for searches: the windows with tables, and the terms that their indexes leave out. Any
 * server may add to both at any time, and every search that begins later must find the rows it writes there.
 *
 * So a server that makes tables or publishes stop terms changes a number before it writes any rows there. A search uses
 * the last snapshot, and reads the number in the same packet: while it is unchanged, nothing was added.
 */
export interface Layout {
  /** Windows with tables, newest first. */
  readonly windows: readonly Window[];
  /** The stop terms of the windows from one of these times to the other. */
  readonly stopTerms: (fromUnixNano: bigint, toUnixNano: bigint) => ReadonlySet<Term>;
  /** Whether the snapshot was current when {@link Layouts.check} gave these rows. */
  readonly isStill: (found: readonly Row[] | undefined) => boolean;
}

export interface Layouts {
  /** The last snapshot. */
  readonly last: () => Layout | undefined;
  /** The statement that reads the number. */
  readonly check: string;
  /** Reads the current layout. */
  readonly read: (signal?: AbortSignal) => Promise<Layout>;
  /** Stores lost lists of the last snapshot again. */
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
  /** Lists by row id. A list never changes. */
  let lists = new Map<bigint, readonly Term[]>();
  /** The start of each list's window, by row id. */
  let starts = new Map<bigint, bigint>();

  const select = (columns: string, where: string, signal: AbortSignal | undefined): Promise<readonly Row[]> =>
    client.query(
      `SELECT ${columns} FROM ${naming.stopTerms} WHERE ${where} ORDER BY id ASC LIMIT ${idsPerPage} OPTION max_matches=${idsPerPage}`,
      { signal, doing: "cannot read" },
    );

  /** Reads the row id of each list, and the start of its window. */
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
        // Reads the number first: an addition in between is either read as well or changes the number.
        const number = numberOf(await client.query(check, { signal, doing: "cannot read" }));
        const [windows, found] = await Promise.all([catalog.list(signal), readStarts(signal)]);
        // A restart of searchd in between may have lost rows, which have to be stored again first.
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
  // Most searches have ranges over the same windows.
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
