import type { Client } from "./client.js";
import { failureOf } from "./errors.js";
import type { Naming } from "./naming.js";
import { dropTable, fragmentTable, spanTable, type TableShape } from "./schema.js";
import type { Window } from "./windows.js";

/** Which windows have tables, and the making and dropping of them, by any number of servers at once. */
export interface Catalog {
  /** Windows with tables, newest first, as they are now. */
  readonly list: (signal?: AbortSignal) => Promise<readonly Window[]>;
  /** What `list` gave last: nearly always what it would give. */
  readonly lastListed: () => readonly Window[] | undefined;
  /** Makes the tables of windows that are not known to have them. */
  readonly ensure: (windows: Iterable<Window>) => Promise<void>;
  /** What is known of these windows is no longer believed. */
  readonly forget: () => void;
  /** Drops windows and all that is in them. */
  readonly drop: (windows: readonly Window[]) => Promise<void>;
}

export function createCatalog(client: Client, naming: Naming): Catalog {
  const known = new Set<string>();
  let making: Promise<void> = Promise.resolve();
  let listed: readonly Window[] | undefined;

  const namesLike = async (prefix: string, signal?: AbortSignal): Promise<string[]> => {
    const rows = await client.query(`SHOW TABLES LIKE '${prefix}%'`, { signal, doing: "cannot list tables" });
    return rows.map(([name]) => (name as Buffer).toString("latin1"));
  };
  const windowsOf = async (prefix: string, signal?: AbortSignal): Promise<Window[]> => {
    const windows: Window[] = [];
    for (const name of await namesLike(prefix, signal)) {
      const window = name.startsWith(prefix) ? naming.windows.named(name.slice(prefix.length)) : undefined;
      if (window !== undefined) windows.push(window);
    }
    return windows.sort((a, b) => (a.startUnixNano > b.startUnixNano ? -1 : 1));
  };

  /** Puts the union right, whoever else makes or drops tables meanwhile. */
  const unite = async (without: ReadonlySet<string> = new Set()): Promise<void> => {
    for (;;) {
      const windows = (await windowsOf(`${naming.spans}_`)).filter(({ name }) => !without.has(name));
      const wanted = windows.map(naming.spanTable).sort();
      if (wanted.length === 0) return;
      try {
        const rows = await client.query(`DESC ${naming.spans}`);
        const members = rows.map(([name]) => (name as Buffer).toString("latin1")).sort();
        if (members.join() === wanted.join()) return;
      } catch (error) {
        if (failureOf(error) !== "no table") throw error;
      }
      try {
        // It can not be altered, and a statement that finds it gone is a matter of a millisecond.
        await client.query(dropTable(naming.spans));
        await client.query(naming.createUnion(wanted));
      } catch (error) {
        // Another server dropped a member, or made the union, since the tables were listed.
        if (!/no such local table|already exists/.test(String(error))) throw error;
      }
    }
  };

  const dropOf = async (table: string): Promise<void> => {
    for (const statement of naming.drop(table)) {
      // Another server may be dropping it too.
      await client.query(statement).catch(unless(/not in cluster|unknown (local )?table/));
    }
  };

  const make = async (windows: readonly Window[]): Promise<void> => {
    if (windows.length === 0) return;
    for (const window of windows) {
      await makeTable(client, naming, naming.spanTable(window), spanTable);
      await makeTable(client, naming, naming.fragmentTable(window), fragmentTable);
    }
    await unite();
    for (const { name } of windows) known.add(name);
  };

  return {
    list: async (signal) => {
      listed = await windowsOf(`${naming.fragments}_`, signal);
      return listed;
    },
    lastListed: () => listed,
    ensure: async (windows) => {
      const byName = new Map([...windows].map((window) => [window.name, window]));
      const missing = (): Window[] => [...byName.values()].filter(({ name }) => !known.has(name));
      if (missing().length === 0) return;
      const made = making.then(() => make(missing()));
      making = made.catch(() => undefined);
      await made;
    },
    forget: () => known.clear(),
    drop: async (windows) => {
      const names = new Set(windows.map(({ name }) => name));
      for (const name of names) known.delete(name);
      await unite(names);
      for (const window of windows) {
        await dropOf(naming.fragmentTable(window));
        await dropOf(naming.spanTable(window));
      }
    },
  };
}

/** Makes a table unless it is there, in the cluster if there is one; any number of servers may do so at once. */
export async function makeTable(
  client: Client,
  naming: Naming,
  table: string,
  shape: TableShape,
): Promise<void> {
  for (const statement of naming.create(table, shape)) {
    await client.query(statement).catch(unless(/already exists|already (a )?part of cluster/));
  }
}

/** Lets pass what a race that was lost to another server is told. */
function unless(expected: RegExp): (error: unknown) => void {
  return (error) => {
    if (!expected.test(String(error))) throw error;
  };
}
