import type { Client } from "../connection/client.js";
import type { Naming } from "./naming.js";
import {
  type Column,
  controlTable,
  fragmentTable,
  operationTable,
  stopTable,
  type TableShape,
} from "./schema.js";

/** The shape of a store's table by its name; undefined for other tables. */
export function shapeOf(naming: Naming, table: string): TableShape | undefined {
  const inWindow = (name: string): boolean =>
    table.startsWith(`${name}_`) && naming.windows.named(table.slice(name.length + 1)) !== undefined;
  if (inWindow(naming.spans)) return naming.spanShape;
  if (inWindow(naming.fragments)) return fragmentTable;
  if (table === naming.operations) return operationTable;
  if (table === naming.stopTerms) return stopTable;
  return table === naming.control ? controlTable : undefined;
}

/** The columns that a table lacks. */
export async function missingColumns(
  client: Client,
  table: string,
  { columns }: TableShape,
): Promise<readonly Column[]> {
  const found = new Set((await client.query(`DESC ${table}`)).map(([name]) => String(name)));
  return columns.filter(({ name }) => !found.has(name));
}

/** The statement that adds a column to a table; it is empty in existing rows. */
export function addColumn(table: string, { name, type }: Column): string {
  return `ALTER TABLE ${table} ADD COLUMN ${name} ${type}`;
}
