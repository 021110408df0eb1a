import { createTable, dropTable, type TableShape } from "./schema.js";
import type { Window, Windows } from "./windows.js";

/** What the tables of one space are called. */
export interface Naming {
  readonly windows: Windows;
  /** The union for people; the tables of its windows begin with it and `_`. */
  readonly spans: string;
  /** What the names of fragments' tables begin with, before a `_`. */
  readonly fragments: string;
  readonly operations: string;
  readonly stopTerms: string;
  readonly control: string;
  readonly spanTable: (window: Window) => string;
  readonly fragmentTable: (window: Window) => string;
  /** A table as the target of a write. */
  readonly target: (table: string) => string;
  readonly createUnion: (members: readonly string[]) => string;
  /** Statements that make a table where there is none, and bring it into the cluster. */
  readonly create: (table: string, shape: TableShape) => readonly string[];
  readonly drop: (table: string) => readonly string[];
}

export interface NamingOptions {
  readonly prefix: string;
  readonly windows: Windows;
  readonly cluster?: string | undefined;
}

export function createNaming({ prefix, windows, cluster }: NamingOptions): Naming {
  const spans = `${prefix}spans`;
  const fragments = `${prefix}fragments`;
  const spanTable = ({ name }: Window): string => `${spans}_${name}`;
  const fragmentTable = ({ name }: Window): string => `${fragments}_${name}`;
  const alter = (verb: "ADD" | "DROP", table: string): string => `ALTER CLUSTER ${cluster} ${verb} ${table}`;
  return {
    windows,
    spans,
    fragments,
    operations: `${prefix}operations`,
    stopTerms: `${prefix}stop_terms`,
    control: `${prefix}control`,
    spanTable,
    fragmentTable,
    target: (table) => (cluster === undefined ? table : `${cluster}:${table}`),
    createUnion: (members) => {
      const locals = members.map((member) => `local='${member}'`).join(" ");
      return `CREATE TABLE IF NOT EXISTS ${spans} type='distributed' ${locals}`;
    },
    create: (table, shape) => [
      createTable(table, shape),
      ...(cluster === undefined ? [] : [alter("ADD", table)]),
    ],
    drop: (table) => [...(cluster === undefined ? [] : [alter("DROP", table)]), dropTable(table)],
  };
}

/**
 * The prefix of a tenant's tables: its name, in which everything but lower-case letters and digits is written as
 * `_` and the two hex digits of each byte, so that no two tenants have one.
 */
export function tenantPrefix(prefix: string, tenant: string): string {
  const name = Buffer.from(tenant, "utf8")
    .toString("latin1")
    .replace(/[^a-z0-9]/g, (char) => `_${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `${prefix}tenant_${name}_`;
}
