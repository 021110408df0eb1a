import { type Client, decimal } from "./client.js";

/** The facts about a searchd that matter to a store. */
export interface ServerFacts {
  /** The version as searchd reports it, with the build. */
  readonly version: string;
  /** Whether Buddy runs, a helper for some statements. The store does not need it. */
  readonly buddy: boolean;
  /** Whether the columnar library is loaded. The store does not need it. */
  readonly columnar: boolean;
  /** Whether the library of secondary indexes is loaded. The store does not need it. */
  readonly secondary: boolean;
  /**
   * How durable an acknowledged write is. 1: it is synced to disk. 2 and 3: it survives a crash of searchd but not a
   * power cut. 0: a crash of searchd may lose the last second. Undefined: there is no binary log.
   */
  readonly binlogFlush: number | undefined;
  /** The longest statement and the longest answer, in bytes. */
  readonly maxPacketBytes: number;
  /** Open connections, and refused ones since the start of searchd. */
  readonly connections: number;
  readonly refusedConnections: number;
  readonly uptimeSeconds: number;
  /** Settings that weaken the store, in words. */
  readonly warnings: readonly string[];
}

const defaultFlush = 2;
const defaultPacketBytes = 8 * 1024 * 1024;

export async function readServerFacts(client: Client): Promise<ServerFacts> {
  // One after the other, so that this does not use up the connections of a busy searchd.
  const [version] = await client.query("SELECT version()");
  const settings = await pairs(client, "SHOW SETTINGS");
  const variables = await pairs(client, "SHOW VARIABLES LIKE 'max_allowed_packet'");
  const status = await pairs(client, "SHOW STATUS");
  // Only Buddy answers this statement.
  const buddy = await client.query("SHOW VERSION").then(
    () => true,
    () => false,
  );
  // With a data directory searchd always reports the path, even the default one, unless there is no log.
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

/** What a setting of binlog_flush may lose, in words. */
export function lossOf(flush: number | undefined): string {
  if (flush === undefined) return "searchd has no binary log: a crash loses acknowledged spans";
  const when = flush === 0 ? "a crash of searchd or a power cut" : "a power cut";
  return `searchd runs with binlog_flush = ${flush}: ${when} may lose the last second of acknowledged spans`;
}

/** The facts about a table. */
export interface TableFacts {
  readonly name: string;
  readonly rows: number;
  readonly diskBytes: number;
  readonly ramBytes: number;
  /** Deleted rows that still take space. */
  readonly deletedRows: number;
  readonly diskChunks: number;
  /** rt_mem_limit: how much the table holds in memory before it writes a chunk to disk. */
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
 * How far searchd's clock is ahead of this machine's, in seconds.
 * @param table any table with a row, since NOW() is selected from it.
 */
export async function clockDifference(client: Client, table: string): Promise<number> {
  const [row] = await client.query(`SELECT id, NOW() AS t FROM ${table} LIMIT 1`);
  return row === undefined ? 0 : decimal(row, 1) - Math.floor(Date.now() / 1000);
}

/** The answer of a statement that lists names and values. */
async function pairs(client: Client, sql: string): Promise<ReadonlyMap<string, string>> {
  const rows = await client.query(sql);
  return new Map(rows.map(([name, value]) => [String(name), value === null ? "" : String(value)]));
}
