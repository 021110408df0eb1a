import { SpanStoreError } from "@spanstore/core";
import {
  checkWindowLength,
  createCalendar,
  differingOption,
  type Finding,
  type WindowLength,
} from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import { literal } from "../connection/literals.js";
import type { Naming } from "./naming.js";
import { type AttributeStorage, controlTable, insertInto, operationTable, stopTable } from "./schema.js";
import { makeTable, tablesFrom } from "./tables.js";
import { isForeign } from "./unions.js";

/** The version of the tables. Tables of a newer version are refused. */
const schemaVersion = 1;

/** The row of `…stop_terms` with the format, and its `window_start`, which no window has. */
const formatId = 1;
const formatWindow = -1;

interface Format {
  readonly version: number;
  readonly window: WindowLength;
  /** The option of the server that opened the namespace last; missing after an older version. */
  readonly attributes?: AttributeStorage | undefined;
}

/**
 * Makes the missing tables of a namespace, except those of windows.
 * @param sharded whether the tables of windows are distributed tables over shards.
 * @returns the window length that the namespace was made with.
 * @throws INCOMPATIBLE_SCHEMA when a newer version, or another program, made the tables.
 */
export async function prepareSpace(
  client: Client,
  naming: Pick<Naming, "prefix" | "spans" | "operations" | "stopTerms" | "control" | "create" | "target">,
  length: WindowLength,
  sharded: boolean,
): Promise<WindowLength> {
  const tables = await tablesFrom(client, naming.prefix);
  const typeOf = (table: string): string | undefined => tables.find(({ name }) => name === table)?.type;
  if ((typeOf(naming.spans) ?? "distributed") !== "distributed") throw isForeign(naming.spans);
  const windowed = tables.find(({ name }) =>
    /^(spans|fragments)_[^_]+$/.test(name.slice(naming.prefix.length)),
  );
  if (windowed !== undefined && (windowed.type === "distributed") !== sharded) {
    throw new SpanStoreError(
      "INCOMPATIBLE_SCHEMA",
      sharded ? `the table ${windowed.name} has rows of its own` : "the store was made with shards",
      {
        field: "shards",
        hint: sharded
          ? "let `url` name a searchd without spans, or choose another prefix"
          : "name the same shards again",
      },
    );
  }
  const known = typeOf(naming.stopTerms) === undefined ? undefined : await formatOf(client, naming.stopTerms);
  for (const [table, shape] of [
    [naming.operations, operationTable],
    [naming.stopTerms, stopTable],
    [naming.control, controlTable],
  ] as const) {
    await makeTable(client, naming as Naming, table, shape);
  }
  if (known !== undefined) return known.window;
  // A killed searchd may have lost the row: the names of present tables show the length.
  const made =
    lengthOf(
      tables.map(({ name }) => name.slice(naming.prefix.length)),
      length,
    ) ?? length;
  const own: Format = { version: schemaVersion, window: made };
  try {
    await client.query(
      `${insertInto("INSERT", naming.target(naming.stopTerms), stopTable)}(${formatId},${formatWindow},${literal(JSON.stringify(own))})`,
    );
    return made;
  } catch (error) {
    if (failureOf(error) !== "duplicate") throw error;
    // Another server was first.
    return (await formatOf(client, naming.stopTerms))?.window ?? made;
  }
}

/** Stores how the next tables of a namespace keep attributes. @returns the earlier value. */
export async function noteAttributes(
  client: Client,
  naming: Pick<Naming, "stopTerms" | "target">,
  attributes: AttributeStorage,
): Promise<AttributeStorage | undefined> {
  const format = await formatOf(client, naming.stopTerms);
  if (format === undefined || format.attributes === attributes) return format?.attributes;
  const noted: Format = { ...format, attributes };
  await client.query(
    `${insertInto("REPLACE", naming.target(naming.stopTerms), stopTable)}(${formatId},${formatWindow},${literal(JSON.stringify(noted))})`,
  );
  return format.attributes;
}

/** Findings about settings that differ from those of the namespace. */
export function settingDifferences(
  own: { readonly window: WindowLength; readonly attributes: AttributeStorage },
  { window = own.window, attributes = own.attributes }: Partial<Omit<Format, "version">>,
): readonly Finding[] {
  const differences: Finding[] = [];
  if (own.window !== window) {
    differences.push(differingOption("window", own.window, window, `tables of one ${window} are made`));
  }
  if (own.attributes !== attributes) {
    const effect = "each table has the option of the server that makes it";
    differences.push(differingOption("attributes", own.attributes, attributes, effect));
  }
  return differences;
}

/**
 * Derives the window length from table names without their prefix; undefined without tables of windows.
 * @param wanted decides between day and week when every name is a Monday, since weeks are named by their Monday.
 */
export function lengthOf(tables: readonly string[], wanted: WindowLength): WindowLength | undefined {
  const names = tables.flatMap((table) => /^(?:spans|fragments)_(\d+)$/.exec(table)?.[1] ?? []);
  if (names.length === 0) return undefined;
  const fits = (length: WindowLength): boolean => {
    const { named } = createCalendar(length);
    return names.every((name) => named(name) !== undefined);
  };
  if (fits("hour")) return "hour";
  return wanted === "week" && fits("week") ? "week" : "day";
}

export async function formatOf(client: Client, table: string): Promise<Format | undefined> {
  let text: string | undefined;
  try {
    const rows = await client.query(
      `SELECT terms FROM ${table} WHERE id = ${formatId} AND window_start = ${formatWindow} LIMIT 1`,
    );
    text = rows[0]?.[0]?.toString("latin1");
  } catch (error) {
    if (failureOf(error) !== "other" && failureOf(error) !== "no column") throw error;
    throw isForeign(table);
  }
  if (text === undefined) return undefined;
  const { version, window, attributes } = JSON.parse(text) as Format;
  if (version > schemaVersion) {
    throw new SpanStoreError("INCOMPATIBLE_SCHEMA", `the tables were made by a newer version (${version})`, {
      hint: "use that version, or another prefix",
    });
  }
  checkWindowLength(window);
  return { version, window, attributes };
}
