import { createNameCodec } from "@spanstore/core/engine";
import {
  type AttributeStorage,
  createTable,
  dropTable,
  firstFragmentTable,
  fragmentTable,
  spanTable,
  type TableShape,
} from "./schema.js";
import type { Window, Windows } from "./windows.js";

/** The table names of one namespace. */
export interface Naming {
  readonly windows: Windows;
  readonly prefix: string;
  /** The union for people; the tables of windows are called this, `_` and the window's name. */
  readonly spans: string;
  /** The beginning of the names of fragment tables, before `_` and the window's name. */
  readonly fragments: string;
  readonly operations: string;
  readonly stopTerms: string;
  readonly control: string;
  readonly spanTable: (window: Window) => string;
  readonly spanShape: TableShape;
  readonly fragmentTable: (window: Window) => string;
  readonly fragmentShape: TableShape;
  /** The name of a table in a write: with the cluster, if there is one. */
  readonly target: (table: string) => string;
  /** Statements that make a table if it is missing, and add it to the cluster. */
  readonly create: (table: string, shape: TableShape) => readonly string[];
  readonly drop: (table: string) => readonly string[];
}

export interface NamingOptions {
  readonly prefix: string;
  readonly windows: Windows;
  readonly cluster?: string | undefined;
  readonly attributes?: AttributeStorage | undefined;
}

export function createNaming({ prefix, windows, cluster, attributes = "stored" }: NamingOptions): Naming {
  const spans = `${prefix}spans`;
  const fragments = `${prefix}fragments`;
  const alter = (verb: "ADD" | "DROP", table: string): string => `ALTER CLUSTER ${cluster} ${verb} ${table}`;
  return {
    windows,
    prefix,
    spans,
    fragments,
    operations: `${prefix}operations`,
    stopTerms: `${prefix}stop_terms`,
    control: `${prefix}control`,
    spanTable: ({ name }) => `${spans}_${name}`,
    spanShape: spanTable(attributes),
    fragmentTable: ({ name }) => `${fragments}_${name}`,
    fragmentShape: cluster === undefined ? fragmentTable : firstFragmentTable,
    target: (table) => (cluster === undefined ? table : `${cluster}:${table}`),
    create: (table, shape) => [
      createTable(table, shape),
      ...(cluster === undefined ? [] : [alter("ADD", table)]),
    ],
    drop: (table) => [...(cluster === undefined ? [] : [alter("DROP", table)]), dropTable(table)],
  };
}

const tenantWord = "tenant_";
const tenantNames = createNameCodec(/[a-z0-9]/, "_");

/** The prefix of a tenant's tables. */
export function tenantPrefix(prefix: string, tenant: string): string {
  return `${prefix}${tenantWord}${tenantNames.encode(tenant)}_`;
}

/** The tenant of a table of operations; undefined for any other table. */
export function tenantOfTable(prefix: string, table: string): string | undefined {
  const start = `${prefix}${tenantWord}`;
  const end = "_operations";
  if (!table.startsWith(start) || !table.endsWith(end)) return undefined;
  return tenantNames.decode(table.slice(start.length, -end.length));
}
