import { SpanStoreError } from "@spanstore/core";
import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import { dropTable } from "./schema.js";
import { tablesFrom, unless } from "./tables.js";

/** Where the rows of a table that joins others are. */
export interface Union {
  readonly name: string;
  /** Tables that it joins, of the daemon itself or, with agents, of each of them. */
  readonly members: readonly string[];
  /** `host:port` of other daemons; none: the members are the daemon's own. */
  readonly agents: readonly string[];
  /** How long an agent may take. */
  readonly timeoutMillis: number;
}

const connectMillis = 5_000;

/**
 * Puts a union right. It can not be altered, and is dropped and made again; a statement that finds it gone is a matter of
 * a millisecond.
 * @returns false when a member went away meanwhile, so that they have to be listed again.
 * @throws INCOMPATIBLE_SCHEMA when a table of that name has rows of its own.
 */
export async function unite(client: Client, union: Union): Promise<boolean> {
  const type = (await tablesFrom(client, union.name)).find(({ name }) => name === union.name)?.type;
  if (type !== undefined && type !== "distributed") throw isForeign(union.name);
  if (type !== undefined && (await isAsWanted(client, union))) return true;
  try {
    await client.query(dropTable(union.name));
    await client.query(createUnion(union)).catch(unless(/already exists/));
    return await isAsWanted(client, union);
  } catch (error) {
    if (!/no such local table/.test(String(error))) throw error;
    return false;
  }
}

export function isForeign(table: string): SpanStoreError {
  return new SpanStoreError("INCOMPATIBLE_SCHEMA", `the table ${table} is another program's`, {
    field: "prefix",
    hint: "choose another prefix",
  });
}

async function isAsWanted(client: Client, { name, members, agents }: Union): Promise<boolean> {
  try {
    const rows = await client.query(`DESC ${name}`);
    const found = rows.map(([member]) => String(member)).sort();
    const wanted =
      agents.length === 0 ? [...members] : agents.map((agent) => `${agent}:${members.join(",")}`);
    return found.join() === wanted.sort().join();
  } catch (error) {
    if (failureOf(error) !== "no table") throw error;
    return false;
  }
}

export function createUnion({ name, members, agents, timeoutMillis }: Union): string {
  const parts =
    agents.length === 0
      ? members.map((member) => `local='${member}'`)
      : [
          ...agents.map((agent) => `agent='${agent}:${members.join(",")}'`),
          `agent_connect_timeout='${connectMillis}' agent_query_timeout='${timeoutMillis}'`,
        ];
  return `CREATE TABLE IF NOT EXISTS ${name} type='distributed' ${parts.join(" ")}`;
}
