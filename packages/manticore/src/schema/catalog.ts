import type { Client } from "../connection/client.js";
import type { Naming } from "./naming.js";
import type { Place } from "./places.js";
import { raiseLayout } from "./raise-layout.js";
import { fragmentTable } from "./schema.js";
import { dropTableOf, makeTable, tablesFrom, windowTables } from "./tables.js";
import { unionFault, unite } from "./unions.js";
import type { Window } from "./windows.js";

/** Which windows have tables, and the making and dropping of them, by any number of servers at once. */
export interface Catalog {
  /** Windows with tables, newest first, as they are now. */
  readonly list: (signal?: AbortSignal) => Promise<readonly Window[]>;
  /** Windows of which anything is left, anywhere: what a deletion that did not end has left behind, too. */
  readonly remains: () => Promise<readonly Window[]>;
  /** Makes the tables of windows that are not known to have them. */
  readonly ensure: (windows: Iterable<Window>) => Promise<void>;
  /** What is known of these windows is no longer believed. */
  readonly forget: () => void;
  /**
   * Compares the union for people with the tables of windows, and makes it again when they differ.
   * @param atOnce also when it only lacks tables, which otherwise has to be so twice in a row.
   * @returns in words what was wrong; undefined when nothing was.
   */
  readonly checkUnion: (atOnce?: boolean) => Promise<string | undefined>;
  /** Drops windows and all that is in them. */
  readonly drop: (windows: readonly Window[]) => Promise<void>;
}

export interface CatalogParts {
  /** Of the daemon that is asked. */
  readonly client: Client;
  readonly naming: Naming;
  readonly places: readonly Place[];
  /** `host:port` of each place for other daemons; none when the one place is the daemon that is asked. */
  readonly agents: readonly string[];
  readonly timeoutMillis: number;
  /** The window that will be the current one soon, whose tables are made before anybody needs them. */
  readonly nextWindow: () => Window;
}

export function createCatalog(parts: CatalogParts): Catalog {
  const { client, naming, places, agents, timeoutMillis, nextWindow } = parts;
  const known = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  /** What the union lacked when it was looked at last. */
  let lacking: string | undefined;
  /** Told at the latest at the next window. */
  let aheadOf = "";

  const tablesOf = async (table: string, of = client, signal?: AbortSignal): Promise<Window[]> =>
    windowTables(naming, table, await tablesFrom(of, `${table}_`, signal));

  const union = (name: string, members: readonly string[]) => ({ name, members, agents, timeoutMillis });

  /** Puts the union right, whoever else makes or drops tables meanwhile. */
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
        await makeTable(place.client, naming, naming.fragmentTable(window), fragmentTable);
      }
      if (agents.length === 0) continue;
      for (const table of [naming.spanTable(window), naming.fragmentTable(window)]) {
        await unite(client, union(table, [table]));
      }
    }
    await uniteSpans();
    // Even when all of them were there: who made them may have ended before it said so.
    await raiseLayout(client, naming);
    for (const { name } of windows) known.add(name);
  };

  const ensure = async (windows: Iterable<Window>): Promise<void> => {
    const byName = new Map([...windows].map((window) => [window.name, window]));
    const missing = (): Window[] => [...byName.values()].filter(({ name }) => !known.has(name));
    if (missing().length === 0) return;
    await inTurn(() => make(missing()));
  };
  /** Makes and drops one after the other. */
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
      // Nobody waits for it; whoever needs it makes it, should this fail.
      ensure([next]).catch(() => undefined);
    },
    forget: () => known.clear(),
    checkUnion: (atOnce = false) =>
      inTurn(async () => {
        const tables = (await tablesOf(naming.spans)).map(naming.spanTable);
        const fault = await unionFault(client, union(naming.spans, tables));
        const before = lacking;
        lacking = fault?.isLack === true ? fault.text : undefined;
        if (fault === undefined) return undefined;
        // Another server may be dropping the tables that the union lacks.
        if (fault.isLack && !atOnce && fault.text !== before) return undefined;
        await uniteSpans();
        return fault.text;
      }),
    drop: (windows) => inTurn(() => dropWindows(windows)),
  };

  async function dropWindows(windows: readonly Window[]): Promise<void> {
    const names = new Set(windows.map(({ name }) => name));
    for (const name of names) known.delete(name);
    await uniteSpans(names);
    // Drops fragment tables last where the rows are: `remains` lists windows by them, so an interrupted drop is repeated.
    const order = (window: Window): string[] => [naming.spanTable(window), naming.fragmentTable(window)];
    for (const table of windows.flatMap(order)) {
      if (agents.length > 0) await dropTableOf(client, naming, table);
    }
    for (const table of windows.flatMap(order)) {
      for (const place of places) await dropTableOf(place.client, naming, table);
    }
    // Another server may have made a window meanwhile, and with it the union as it was.
    await uniteSpans(names);
  }
}
