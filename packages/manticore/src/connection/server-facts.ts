import { type Client, decimal } from "./client.js";

/** What a searchd says of itself, as far as it matters to a store. */
export interface ServerFacts {
  /** As it names it: the number, and the build's. */
  readonly version: string;
  /** Buddy, the helper that some statements need; the store does not. */
  readonly buddy: boolean;
  /** The columnar library, which the store does not need. */
  readonly columnar: boolean;
  /** The library of secondary indexes, which the store does not need. */
  readonly secondary: boolean;
  /**
   * How far an acknowledged write is safe: 1, each transaction is synced to disk; 2 and 3, it survives a kill of
   * searchd and not a power cut; 0, the last second may be lost with searchd; undefined, there is no binary log.
   */
  readonly binlogFlush: number | undefined;
  /** The longest statement and the longest answer it takes. */
  readonly maxPacketBytes: number;
  /** Connections that it has, and how many it has turned away since it started. */
  readonly connections: number;
  readonly refusedConnections: number;
  readonly uptimeSeconds: number;
  /** What is weaker than the store could be, in words. */
  readonly warnings: readonly string[];
}

const defaultFlush = 2;
const defaultPacketBytes = 8 * 1024 * 1024;

export async function readServerFacts(client: Client): Promise<ServerFacts> {
  // One after the other: where connections are few, this must not be what takes the last ones.
  const [version] = await client.query("SELECT version()");
  const settings = await pairs(client, "SHOW SETTINGS");
  const variables = await pairs(client, "SHOW VARIABLES LIKE 'max_allowed_packet'");
  const status = await pairs(client, "SHOW STATUS");
  // A statement that only Buddy answers.
  const buddy = await client.query("SHOW VERSION").then(
    () => true,
    () => false,
  );
  // Where there is a data directory the path is always told, its default too, unless there is no log.
  const hasLog = settings.has("searchd.binlog_path") || !settings.has("searchd.data_dir");
  const flush = hasLog ? Number(settings.get("searchd.binlog_flush") ?? defaultFlush) : undefined;
  const text = version?.[0]?.toString("latin1") ?? "";
  return {
    version: text,
    buddy,
    columnar: text.includes("columnar"),
    secondary: text.includes("secondary"),
    binlogFlush: flush,
    maxPacketBytes: Number(variables.get("max_allowed_packet") ?? defaultPacketBytes),
    connections: Number(status.get("workers_clients") ?? 0),
    refusedConnections: Number(status.get("maxed_out") ?? 0),
    uptimeSeconds: Number(status.get("uptime") ?? 0),
    warnings: flush === 1 ? [] : [`${lossOf(flush)}; ${flushAdvice}`],
  };
}

export const flushAdvice = "set binlog_flush = 1 in the searchd section of its configuration";

/** What may be lost with this setting, in words. */
export function lossOf(flush: number | undefined): string {
  if (flush === undefined) return "searchd has no binary log: a crash loses acknowledged spans";
  const when = flush === 0 ? "a crash of searchd or a power cut" : "a power cut";
  return `searchd runs with binlog_flush = ${flush}: ${when} may lose the last second of acknowledged spans`;
}

/** What a table says of itself. */
export interface TableFacts {
  readonly name: string;
  readonly rows: number;
  readonly diskBytes: number;
  readonly ramBytes: number;
  /** Rows that are deleted and still take room. */
  readonly deletedRows: number;
  readonly diskChunks: number;
  /** rt_mem_limit: what it holds in memory before it writes a chunk to disk. */
  readonly memLimitBytes: number;
}

export async function readTableFacts(client: Client, name: string): Promise<TableFacts> {
  const status = await pairs(client, `SHOW TABLE ${name} STATUS`);
  const number = (key: string): number => Number.parseFloat(status.get(key) ?? "0") || 0;
  return {
    name,
    rows: number("indexed_documents"),
    diskBytes: number("disk_bytes"),
    ramBytes: number("ram_bytes"),
    deletedRows: number("killed_documents"),
    diskChunks: number("disk_chunks"),
    memLimitBytes: number("mem_limit"),
  };
}

/**
 * How far searchd's clock is ahead of this machine's, in seconds; told by any row.
 * @param table with at least one row.
 */
export async function clockDifference(client: Client, table: string): Promise<number> {
  const [row] = await client.query(`SELECT id, NOW() AS t FROM ${table} LIMIT 1`);
  return row === undefined ? 0 : decimal(row, 1) - Math.floor(Date.now() / 1000);
}

/** The rows of a statement that gives names and values. */
async function pairs(client: Client, sql: string): Promise<ReadonlyMap<string, string>> {
  const rows = await client.query(sql);
  return new Map(rows.map(([name, value]) => [String(name), value === null ? "" : String(value)]));
}
