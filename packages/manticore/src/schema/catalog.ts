import type { Client } from "../connection/client.js";
import { addColumn, missingColumns } from "./columns.js";
import type { Naming } from "./naming.js";
import type { Place } from "./places.js";
import { raiseLayout } from "./raise-layout.js";
import { dropTableOf, makeTable, tablesFrom, unless, windowTables } from "./tables.js";
import { unionFault, unite } from "./unions.js";
import type { Window } from "./windows.js";

/** Lists, makes and drops the tables of windows. Other servers may do the same at the same time. */
export interface Catalog {
  /** The windows that have tables, newest first. */
  readonly list: (signal?: AbortSignal) => Promise<readonly Window[]>;
  /** The windows with any table left on any daemon, even after an interrupted deletion; newest first. */
  readonly remains: () => Promise<readonly Window[]>;
  /** Makes the tables of windows, except those in this server's cache. */
  readonly ensure: (windows: Iterable<Window>) => Promise<void>;
  /** Adds the columns of later versions to the tables of windows. */
  readonly upgrade: (windows: Iterable<Window>) => Promise<void>;
  /** Empties the cache of known tables. */
  readonly forget: () => void;
  /**
   * Compares the union `…spans` with the tables of windows, and makes it again when they differ.
   * @param atOnce repairs missing members at once; by default only when two checks in a row find the same ones missing.
   * @returns the fault in words; undefined without one.
   */
  readonly checkUnion: (atOnce?: boolean) => Promise<string | undefined>;
  /** Drops windows with their spans. */
  readonly drop: (windows: readonly Window[]) => Promise<void>;
}

export interface CatalogParts {
  /** The client of the head daemon. */
  readonly client: Client;
  readonly naming: Naming;
  readonly places: readonly Place[];
  /** `host:port` at which the head daemon reaches each shard; empty without shards. */
  readonly agents: readonly string[];
  readonly timeoutMillis: number;
  /** The window that begins next, whose tables are made ahead. */
  readonly nextWindow: () => Window;
}

export function createCatalog(parts: CatalogParts): Catalog {
  const { client, naming, places, agents, timeoutMillis, nextWindow } = parts;
  const known = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  /** The members that the last check found missing in the union, in words. */
  let lacking: string | undefined;
  /** The name of the window whose tables were made ahead. */
  let aheadOf = "";

  const tablesOf = async (table: string, of = client, signal?: AbortSignal): Promise<Window[]> =>
    windowTables(naming, table, await tablesFrom(of, `${table}_`, signal));

  const union = (name: string, members: readonly string[]) => ({ name, members, agents, timeoutMillis });

  /** Makes the union of all present tables, and retries while other servers change them. */
  const uniteSpans = async (without: ReadonlySet<string> = new Set()): Promise<void> => {
    for (;;) {
      const windows = await tablesOf(naming.spans);
      const members = windows.filter(({ name }) => !without.has(name)).map(naming.spanTable);
      if (members.length === 0 || (await unite(client, union(naming.spans, members.sort())))) return;
    }
  };

  const make = async (windows: readonly Window[]): Promise<void> => {
    if (windows.length === 0) return;
    for (const window of windows) {
      for (const place of places) {
        await makeTable(place.client, naming, naming.spanTable(window), naming.spanShape);
        await makeTable(place.client, naming, naming.fragmentTable(window), naming.fragmentShape);
      }
      if (agents.length === 0) continue;
      for (const table of [naming.spanTable(window), naming.fragmentTable(window)]) {
        await unite(client, union(table, [table]));
      }
    }
    await uniteSpans();
    // Raises it even when all tables exist: the server that made them may have ended before it raised it.
    await raiseLayout(client, naming);
    for (const { name } of windows) known.add(name);
  };

  const ensure = async (windows: Iterable<Window>): Promise<void> => {
    const byName = new Map([...windows].map((window) => [window.name, window]));
    const missing = (): Window[] => [...byName.values()].filter(({ name }) => !known.has(name));
    if (missing().length === 0) return;
    await inTurn(() => make(missing()));
  };
  /** Runs makes and drops one after the other. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };

  return {
    list: (signal) => tablesOf(naming.fragments, client, signal),
    remains: async () => {
      const byName = new Map<string, Window>();
      for (const each of new Set([client, ...places.map((place) => place.client)])) {
        for (const table of [naming.fragments, naming.spans]) {
          for (const window of await tablesOf(table, each)) byName.set(window.name, window);
        }
      }
      return [...byName.values()].sort((a, b) => (a.startUnixNano > b.startUnixNano ? -1 : 1));
    },
    ensure: async (windows) => {
      await ensure(windows);
      const next = nextWindow();
      if (next.name === aheadOf) return;
      aheadOf = next.name;
      // Runs in the background: a write that needs the window makes it too.
      ensure([next]).catch(() => undefined);
    },
    upgrade: (windows) => inTurn(() => upgrade([...windows])),
    forget: () => known.clear(),
    checkUnion: (atOnce = false) =>
      inTurn(async () => {
        const tables = (await tablesOf(naming.spans)).map(naming.spanTable);
        const fault = await unionFault(client, union(naming.spans, tables));
        const before = lacking;
        lacking = fault?.isLack === true ? fault.text : undefined;
        if (fault === undefined) return undefined;
        // Another server may be dropping these tables.
        if (fault.isLack && !atOnce && fault.text !== before) return undefined;
        await uniteSpans();
        return fault.text;
      }),
    drop: (windows) => inTurn(() => dropWindows(windows)),
  };

  async function upgrade(windows: readonly Window[]): Promise<void> {
    for (const table of windows.map(naming.fragmentTable)) {
      for (const place of places) {
        for (const column of await missingColumns(place.client, table, naming.fragmentShape)) {
          if (column.added !== true) continue;
          // Another server may be adding it too.
          await place.client.query(addColumn(table, column)).catch(unless(/already/));
        }
      }
    }
  }

  async function dropWindows(windows: readonly Window[]): Promise<void> {
    const names = new Set(windows.map(({ name }) => name));
    for (const name of names) known.delete(name);
    await uniteSpans(names);
    // Drops the tables with rows last, fragments after spans: `remains` lists what is left, so an interrupted drop is
    // retried.
    const order = (window: Window): string[] => [naming.spanTable(window), naming.fragmentTable(window)];
    for (const table of windows.flatMap(order)) {
      if (agents.length > 0) await dropTableOf(client, naming, table);
    }
    for (const table of windows.flatMap(order)) {
      for (const place of places) await dropTableOf(place.client, naming, table);
    }
    // Another server may have made a window, and the old union with it.
    await uniteSpans(names);
  }
}
