import type { Client } from "../connection/client.js";
import type { Naming } from "./naming.js";
import type { TableShape } from "./schema.js";
import type { Window } from "./windows.js";

export interface ListedTable {
  readonly name: string;
  /** `rt` for a table with rows, `distributed` for a union. */
  readonly type: string;
}

/** Lists the tables whose names begin with a prefix. */
export async function tablesFrom(
  client: Client,
  prefix: string,
  signal?: AbortSignal,
): Promise<readonly ListedTable[]> {
  const rows = await client.query(`SHOW TABLES LIKE '${prefix}%'`, { signal, doing: "cannot list tables" });
  return (
    rows
      .map(([name, type]) => ({ name: String(name), type: String(type) }))
      // In LIKE, _ matches any character.
      .filter(({ name }) => name.startsWith(prefix))
  );
}

/** The windows that have tables of this name, newest first. @param table `…spans` or `…fragments`. */
export function windowTables(
  { windows }: Pick<Naming, "windows">,
  table: string,
  listed: readonly ListedTable[],
): Window[] {
  const prefix = `${table}_`;
  return listed
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name }) => windows.named(name.slice(prefix.length)))
    .filter((window) => window !== undefined)
    .sort((a, b) => (a.startUnixNano > b.startUnixNano ? -1 : 1));
}

/** Makes a missing table, in the cluster if there is one. Several servers may do so at once. */
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

export async function dropTableOf(client: Client, naming: Naming, table: string): Promise<void> {
  for (const statement of naming.drop(table)) {
    // Another server may be dropping it too.
    await client.query(statement).catch(unless(/not in cluster|unknown (local )?table/));
  }
}

/** Ignores an expected error: another server ran the statement first. */
export function unless(expected: RegExp): (error: unknown) => void {
  return (error) => {
    if (!expected.test(String(error))) throw error;
  };
}
