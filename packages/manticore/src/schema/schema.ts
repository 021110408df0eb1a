/**
 * The tables of a store, as statements.
 *
 * - `…fragments_WINDOW`: the truth, a row a fragment (the spans of one trace in one request): its newest start, its
 *   tokens, its bytes. Searches read nothing else.
 * - `…spans_WINDOW`: a row a span, for people. `…spans` is the union of them.
 * - `…operations`: services, operations and kinds of each window.
 * - `…stop_terms`: terms that are too common in a window to be indexed there; in rows of their own, how the space was made, and
 *   a number that changes when windows or stop terms are added.
 * - `…control`: what servers that share a searchd tell each other; nothing of it matters after a restart.
 */

/** A column of a table that rows are inserted into. */
export interface Column {
  readonly name: string;
  readonly type: string;
  /** The column follows from others or belongs to the write: it is not compared with stored rows and not read back. */
  readonly derived?: true;
  /** Tables of earlier versions lack the column. It is added when it is needed first, and is 0 in older rows: unknown. */
  readonly added?: true;
}

export interface TableShape {
  readonly columns: readonly Column[];
  readonly settings: string;
}

const keyColumn: Column = { name: "id", type: "bigint" };

/** The dictionary holds checksums: no query lists its words. */
const dictionary = "dict='crc'";
/** An index of tokens has no use for positions, which phrases of words need. */
const tokenSettings = `${dictionary} hitless_words='all'`;
/**
 * Reading a row unpacks its whole block. Searches read fragments all the time, people read spans now and then, so blocks of fragments are
 * smaller. To compress harder (lz4hc) takes a third of the time of writing a chunk, for a sixth of what texts take.
 */
const compression = "docstore_compression='lz4'";
const fragmentStore = `${compression} docstore_block_size='16k'`;
const spanStore = `${compression} docstore_block_size='64k'`;
/**
 * More chunks than by default stay in a table: a search reads only the chunks of its time, and each merge writes every
 * row again.
 */
const chunkSettings = "optimize_cutoff='16'";

export const fragmentTable: TableShape = {
  columns: [
    keyColumn,
    // Of the write.
    { name: "sequence", type: "bigint", derived: true },
    // Of the newest span, in microseconds.
    { name: "start_time", type: "bigint" },
    // Of the oldest span: a search passes over what starts after its end.
    { name: "oldest_start", type: "bigint", derived: true, added: true },
    { name: "tokens", type: "text indexed", derived: true },
    { name: "encoded", type: "text stored" },
  ],
  settings: `${tokenSettings} ${fragmentStore} ${chunkSettings}`,
};

/** As {@link fragmentTable}, without added columns: searchd refuses to ALTER the tables of a cluster. */
export const firstFragmentTable: TableShape = {
  ...fragmentTable,
  columns: fragmentTable.columns.filter(({ added }) => added !== true),
};

/** How the attributes of spans are kept for people; see the README. */
export const attributeStorages = ["stored", "words", "json"] as const;
export type AttributeStorage = (typeof attributeStorages)[number];

/** The types of the columns of attributes. What JSON columns give back is not what was written, byte for byte. */
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
      // Microseconds; the column behind holds the rest of the nanoseconds, 0 to 999.
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
