import type { Client } from "./client.js";
import { failureOf } from "./errors.js";
import type { Naming } from "./naming.js";
import { createTable, dropTable, fragmentTable, spanTable } from "./schema.js";
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

  const make = async (windows: readonly Window[]): Promise<void> => {
    for (const window of windows) {
      await client.query(createTable(naming.spanTable(window), spanTable));
      await client.query(createTable(naming.fragmentTable(window), fragmentTable));
      for (const added of naming.addToCluster(window)) await client.query(added);
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
      const missing = [...windows].filter(({ name }) => !known.has(name));
      if (missing.length === 0) return;
      const made = making.then(() => make(missing.filter(({ name }) => !known.has(name))));
      making = made.catch(() => undefined);
      await made;
    },
    forget: () => known.clear(),
    drop: async (windows) => {
      const names = new Set(windows.map(({ name }) => name));
      for (const name of names) known.delete(name);
      await unite(names);
      for (const window of windows) {
        for (const statement of naming.dropWindow(window)) await client.query(statement);
      }
    },
  };
}
