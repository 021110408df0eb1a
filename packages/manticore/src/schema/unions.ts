import { SpanStoreError } from "@spanstore/core";
import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import { dropTable } from "./schema.js";
import { tablesFrom, unless } from "./tables.js";

/** A distributed table: it joins other tables. */
export interface Union {
  readonly name: string;
  /** The joined tables, of the daemon itself or, with agents, of each agent. */
  readonly members: readonly string[];
  /** `host:port` of other daemons; empty when the members are the daemon's own. */
  readonly agents: readonly string[];
  /** How long an agent may take to answer. */
  readonly timeoutMillis: number;
}

const connectMillis = 5_000;

/**
 * Repairs a union: drops it and makes it again, since searchd can neither alter nor replace nor rename it. Queries of
 * the union fail in between: for a millisecond with a month of days, for a fifth of a second with thousands of tables.
 * @returns false when a member was dropped meanwhile: list the members again.
 * @throws INCOMPATIBLE_SCHEMA when a table of that name has rows of its own.
 */
export async function unite(client: Client, union: Union): Promise<boolean> {
  const type = (await tablesFrom(client, union.name)).find(({ name }) => name === union.name)?.type;
  if (type !== undefined && type !== "distributed") throw isForeign(union.name);
  if (type !== undefined && (await isAsWanted(client, union))) return true;
  try {
    // On one connection: waiting for a second one would lengthen the gap.
    const statements = [dropTable(union.name), createUnion(union)];
    await client.session(statements).catch(unless(/already exists/));
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

/** The members of a union, as DESC names them; undefined when the union is gone. */
async function membersOf(client: Client, name: string): Promise<readonly string[] | undefined> {
  try {
    return (await client.query(`DESC ${name}`)).map(([member]) => String(member)).sort();
  } catch (error) {
    if (failureOf(error) !== "no table") throw error;
    return undefined;
  }
}

function wantedMembers({ members, agents }: Union): readonly string[] {
  const wanted = agents.length === 0 ? [...members] : agents.map((agent) => `${agent}:${members.join(",")}`);
  return wanted.sort();
}

async function isAsWanted(client: Client, union: Union): Promise<boolean> {
  return (await membersOf(client, union.name))?.join() === wantedMembers(union).join();
}

export interface UnionFault {
  readonly text: string;
  /** The union answers, but without the rows of some tables. */
  readonly isLack: boolean;
}

/** The fault of a union; undefined when it joins exactly its members. */
export async function unionFault(client: Client, union: Union): Promise<UnionFault | undefined> {
  const { name, members, agents } = union;
  const found = await membersOf(client, name);
  if (found === undefined)
    return members.length === 0 ? undefined : { text: `the table ${name} is gone`, isLack: false };
  const wanted = wantedMembers({ ...union, members: [...members].sort() });
  if (agents.length > 0) {
    return found.join() === wanted.join()
      ? undefined
      : { text: `the table ${name} does not join the tables of the store`, isLack: true };
  }
  const gone = found.filter((member) => !wanted.includes(member));
  if (gone.length > 0)
    return { text: `the table ${name} joins ${some(gone)}, which does not exist`, isLack: false };
  const missing = wanted.filter((member) => !found.includes(member));
  return missing.length > 0 ? { text: `the table ${name} lacks ${some(missing)}`, isLack: true } : undefined;
}

/** Lists at most three names. */
function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
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
