/** Findings about the tables of a store. */

import { type Finding, formatSize, ok, problem, warning } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import type { TableFacts } from "../connection/server-facts.js";
import { addColumn, missingColumns, shapeOf } from "../schema/columns.js";
import { type Naming, tenantOfTable } from "../schema/naming.js";
import type { ListedTable } from "../schema/tables.js";

/** With more disk chunks than this in a table, searches slow down: they look into each. */
const manyChunks = 64;
const manyDeletedParts = 0.3;
const fewRows = 10_000;

/** With more windows than this, a read by trace id takes more than 40 ms: it looks into each. */
const manyWindows = 1_000;
/** The memory of an idle table in searchd, measured with 5,762 of them. */
const bytesPerTable = 530_000;
const filesPerTable = 2;

/** Reports the number and the size of tables. @param length of the store's windows. */
export function sizeFindings(naming: Naming, held: readonly TableFacts[], length: string): Finding[] {
  const sum = (of: (facts: TableFacts) => number): number =>
    held.reduce((total, facts) => total + of(facts), 0);
  const spans = held.filter(({ name }) => windowOf(naming, naming.spans, name) !== undefined);
  const limits = [...new Set(held.map(({ memLimitBytes }) => memLimitBytes))].sort((a, b) => a - b);
  const worn = held.filter(
    ({ rows, deletedRows, diskChunks }) =>
      diskChunks > manyChunks || (rows > fewRows && deletedRows > rows * manyDeletedParts),
  );
  return [
    ok(
      "tables",
      `windows of a${length === "hour" ? "n" : ""} ${length}: ${spans.length}, ` +
        `spans: ${spans.reduce((total, { rows }) => total + rows, 0)}, ` +
        `tables: ${held.length}, tenants' included`,
    ),
    ...limitFindings(length, spans.length, held.length),
    ok(
      "size",
      `${formatSize(sum(({ diskBytes }) => diskBytes))} on disk, ${formatSize(sum(({ ramBytes }) => ramBytes))} in memory`,
    ),
    ok(
      "rt_mem_limit",
      `${limits.map(formatSize).join(", ")} a table: what it holds in memory before it writes a chunk`,
    ),
    ...worn.map(
      ({ name, deletedRows, diskChunks }): Finding =>
        warning(
          "tables",
          `${name} has ${diskChunks} chunks and ${deletedRows} deleted rows`,
          "run `spanstore maintain optimize` when load is low",
        ),
    ),
  ];
}

/** Names the columns that a store's table lacks. */
export async function columnFindings(client: Client, naming: Naming, table: string): Promise<Finding[]> {
  const shape = shapeOf(naming, table);
  const lacking = shape === undefined ? [] : await missingColumns(client, table, shape);
  const missing = lacking.filter(({ added }) => added !== true);
  if (missing.length === 0) return [];
  const isForPeople = shape === naming.spanShape;
  const statements = missing.map((column) => addColumn(table, column)).join("; ");
  const names = missing.map(({ name }) => name).join(", ");
  return [
    isForPeople
      ? problem(
          "tables",
          `${table} lacks ${names}: writes fail`,
          `run \`spanstore maintain repair\`, or by hand: ${statements}`,
        )
      : problem(
          "tables",
          `${table} lacks ${names}: writes and reads fail`,
          `the values are lost; to add empty columns: ${statements}`,
        ),
  ];
}

export function limitFindings(length: string, windows: number, tables: number): Finding[] {
  if (windows <= manyWindows) return [];
  return [
    warning(
      "windows",
      `${windows} windows: each read of a trace looks into all of them, and searchd holds about ` +
        `${tables * filesPerTable} files and ${formatSize(tables * bytesPerTable)} of memory for their tables`,
      length === "hour"
        ? "keep less time, or `spanstore copy` the spans to a store with `window` day"
        : "keep less time; searchd needs as many open files (ulimit -n) and as much memory",
    ),
  ];
}

/** Reports foreign tables with the store's prefix, and windows with a missing table. */
export function strayFindings(naming: Naming, listed: readonly ListedTable[]): Finding[] {
  const { prefix } = naming;
  const prefixes = listed.flatMap(({ name }) => {
    const tenant = tenantOfTable(prefix, name);
    return tenant === undefined ? [] : [name.slice(0, -"operations".length)];
  });
  // The archive and the tenants of a server are separate stores with the same prefix.
  const spaces = [prefix, ...prefixes, `${prefix}archive_`].sort((a, b) => b.length - a.length);
  const findings: Finding[] = [];
  for (const { name } of listed) {
    const space = spaces.find((each) => name.startsWith(each)) as string;
    if (name.startsWith(`${prefix}archive_`)) continue;
    if (
      !/^((spans|fragments)(_(\d{8}|\d{10}|past|future))?|operations|stop_terms|control)$/.test(
        name.slice(space.length),
      )
    ) {
      findings.push(
        warning(
          "tables",
          `${name} is not a table of the store, although its name has the store's prefix`,
          "choose another prefix for one of them",
        ),
      );
    }
  }
  const names = new Set(listed.map(({ name }) => name));
  for (const { name } of listed) {
    const window = windowOf(naming, naming.spans, name) ?? windowOf(naming, naming.fragments, name);
    if (window === undefined) continue;
    const missing = [naming.spanTable(window), naming.fragmentTable(window)].filter(
      (each) => !names.has(each),
    );
    if (missing.length === 0) continue;
    findings.push(
      warning(
        "tables",
        `window ${window.name}: the table ${missing.join(", ")} is missing, since a deletion was interrupted`,
        "the next deletion of that time drops the rest",
      ),
    );
  }
  return findings;
}

function windowOf(naming: Naming, table: string, name: string) {
  return name.startsWith(`${table}_`) ? naming.windows.named(name.slice(table.length + 1)) : undefined;
}
