/**
 * The tables of a store, as statements.
 *
 * - `…fragments_WINDOW`: the truth. One row per fragment (the spans of one trace in one request): its newest start, its
 *   tokens, its bytes. Searches read nothing else.
 * - `…spans_WINDOW`: one row per span, for people. `…spans` is their union.
 * - `…operations`: services, operations and kinds of each window.
 * - `…stop_terms`: terms that are too common in a window to be indexed there. Two more rows hold the format of the
 *   namespace and the number of the layout, which changes when windows or stop terms are added.
 * - `…control`: how servers that share a searchd coordinate; its rows may be lost in a restart.
 */

/** A column of a table that rows are inserted into. */
export interface Column {
  readonly name: string;
  readonly type: string;
  /** Derived from other columns or from the write: not compared with stored rows. */
  readonly derived?: true;
  /** Missing in tables of earlier versions. It is added on first use, and is 0 (unknown) in older rows. */
  readonly added?: true;
}

export interface TableShape {
  readonly columns: readonly Column[];
  readonly settings: string;
}

const keyColumn: Column = { name: "id", type: "bigint" };

/** A dictionary of checksums is enough: no query lists its words. */
const dictionary = "dict='crc'";
/** Positions are for phrases; no search by tokens has any. */
const tokenSettings = `${dictionary} hitless_words='all'`;
/**
 * Reading a row unpacks its whole block. Fragments are read by every search, spans only by people, so blocks of
 * fragments are smaller. lz4hc would take a third of the time of writing a chunk, and save a sixth of the size of
 * texts.
 */
const compression = "docstore_compression='lz4'";
const fragmentStore = `${compression} docstore_block_size='16k'`;
const spanStore = `${compression} docstore_block_size='64k'`;
/**
 * Tables keep more chunks than by default: a search reads only the chunks of its time, and each merge writes its rows
 * again.
 */
const chunkSettings = "optimize_cutoff='16'";

export const fragmentTable: TableShape = {
  columns: [
    keyColumn,
    // The number of the write.
    { name: "sequence", type: "bigint", derived: true },
    // Start of the newest span, in microseconds.
    { name: "start_time", type: "bigint" },
    // Start of the oldest span: a search skips fragments that start after its range.
    { name: "oldest_start", type: "bigint", derived: true, added: true },
    { name: "tokens", type: "text indexed", derived: true },
    { name: "encoded", type: "text stored" },
  ],
  settings: `${tokenSettings} ${fragmentStore} ${chunkSettings}`,
};

/** {@link fragmentTable} without added columns: searchd refuses to ALTER tables of a cluster. */
export const firstFragmentTable: TableShape = {
  ...fragmentTable,
  columns: fragmentTable.columns.filter(({ added }) => added !== true),
};

/** How `…spans` keeps attributes; see the README. */
export const attributeStorages = ["stored", "words", "json"] as const;
export type AttributeStorage = (typeof attributeStorages)[number];

/**
 * The types of attribute columns. A JSON column does not return the exact bytes that were written, so it is not
 * compared.
 */
const attributeColumns: Readonly<Record<AttributeStorage, Pick<Column, "type" | "derived">>> = {
  stored: { type: "text stored" },
  words: { type: "text indexed stored" },
  json: { type: "json", derived: true },
};

export function spanTable(attributes: AttributeStorage): TableShape {
  const attributeColumn = attributeColumns[attributes];
  return {
    columns: [
      keyColumn,
      { name: "trace_id", type: "string" },
      { name: "span_id", type: "string" },
      { name: "parent_span_id", type: "string" },
      { name: "operation_name", type: "string" },
      { name: "service_name", type: "string" },
      { name: "kind", type: "string" },
      { name: "status", type: "string" },
      // Microseconds; the `_nanos` column has the remaining nanoseconds, 0 to 999.
      { name: "start_time", type: "bigint" },
      { name: "start_time_nanos", type: "bit(10)" },
      { name: "duration", type: "bigint" },
      { name: "duration_nanos", type: "bit(10)" },
      { name: "logs", type: "text indexed stored" },
      { name: "tags", ...attributeColumn },
      { name: "refs", type: "text stored" },
      { name: "process", ...attributeColumn },
    ],
    settings: `${dictionary} ${spanStore} ${chunkSettings}`,
  };
}

export const operationTable: TableShape = {
  columns: [
    keyColumn,
    { name: "window_start", type: "bigint" },
    { name: "tokens", type: "text indexed", derived: true },
    { name: "service", type: "text stored" },
    { name: "name", type: "text stored" },
    { name: "kind", type: "string" },
  ],
  settings: tokenSettings,
};

export const stopTable: TableShape = {
  columns: [keyColumn, { name: "window_start", type: "bigint" }, { name: "terms", type: "text stored" }],
  settings: "",
};

export const controlTable: TableShape = {
  columns: [
    keyColumn,
    { name: "busy", type: "bigint" },
    { name: "last", type: "bigint" },
    { name: "seen", type: "bigint" },
  ],
  settings: "binlog='0'",
};

export function createTable(name: string, { columns, settings }: TableShape): string {
  const defined = columns.map((column) => `${column.name} ${column.type}`).join(", ");
  return `CREATE TABLE IF NOT EXISTS ${name} (${defined}) ${settings}`.trimEnd();
}

export function dropTable(name: string): string {
  return `DROP TABLE IF EXISTS ${name}`;
}

/** The beginning of a statement that inserts rows; `verb` is INSERT or REPLACE. */
export function insertInto(verb: "INSERT" | "REPLACE", target: string, { columns }: TableShape): string {
  return `${verb} INTO ${target} (${columns.map(({ name }) => name).join(",")}) VALUES `;
}
