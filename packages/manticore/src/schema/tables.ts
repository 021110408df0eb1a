import type { Client } from "../connection/client.js";
import type { Naming } from "./naming.js";
import type { TableShape } from "./schema.js";
import type { Window } from "./windows.js";

export interface ListedTable {
  readonly name: string;
  /** `rt` for one with rows, `distributed` for one that joins others. */
  readonly type: string;
}

/** Lists the tables whose names begin with this prefix. */
export async function tablesFrom(
  client: Client,
  prefix: string,
  signal?: AbortSignal,
): Promise<readonly ListedTable[]> {
  const rows = await client.query(`SHOW TABLES LIKE '${prefix}%'`, { signal, doing: "cannot list tables" });
  return (
    rows
      .map(([name, type]) => ({ name: String(name), type: String(type) }))
      // LIKE takes _ for any character.
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

export async function dropTableOf(client: Client, naming: Naming, table: string): Promise<void> {
  for (const statement of naming.drop(table)) {
    // Another server may be dropping it too.
    await client.query(statement).catch(unless(/not in cluster|unknown (local )?table/));
  }
}

/** Ignores the error of a statement that another server was quicker with. */
export function unless(expected: RegExp): (error: unknown) => void {
  return (error) => {
    if (!expected.test(String(error))) throw error;
  };
}
