import type { Client } from "./client.js";

/** What a searchd says of itself, as far as it matters to a store. */
export interface ServerFacts {
  /** As it names it: the number, and the build's. */
  readonly version: string;
  /** Buddy, the helper that some statements need; the store does not. */
  readonly buddy: boolean;
  /** The columnar library, which the store does not need. */
  readonly columnar: boolean;
  /**
   * How far an acknowledged write is safe: 1, each transaction is synced to disk; 2 and 3, it survives a kill of
   * searchd and not a power cut; 0, the last second may be lost with searchd; undefined, there is no binary log.
   */
  readonly binlogFlush: number | undefined;
  /** The longest statement and the longest answer it takes. */
  readonly maxPacketBytes: number;
  /** What is weaker than the store could be, in words. */
  readonly warnings: readonly string[];
}

const defaultFlush = 2;
const defaultPacketBytes = 8 * 1024 * 1024;

export async function readServerFacts(client: Client): Promise<ServerFacts> {
  const [[version], settings, variables, buddy] = await Promise.all([
    client.query("SELECT version()"),
    pairs(client, "SHOW SETTINGS"),
    pairs(client, "SHOW VARIABLES LIKE 'max_allowed_packet'"),
    // A statement that only Buddy answers.
    client.query("SHOW VERSION").then(
      () => true,
      () => false,
    ),
  ]);
  // Where there is a data directory the path is always told, its default too, unless there is no log.
  const hasLog = settings.has("searchd.binlog_path") || !settings.has("searchd.data_dir");
  const flush = hasLog ? Number(settings.get("searchd.binlog_flush") ?? defaultFlush) : undefined;
  const text = version?.[0]?.toString("latin1") ?? "";
  return {
    version: text,
    buddy,
    columnar: text.includes("columnar"),
    binlogFlush: flush,
    maxPacketBytes: Number(variables.get("max_allowed_packet") ?? defaultPacketBytes),
    warnings: flush === 1 ? [] : [flushWarning(flush)],
  };
}

function flushWarning(flush: number | undefined): string {
  const remedy = "set binlog_flush = 1 in the searchd section of its configuration";
  if (flush === undefined) return `searchd has no binary log: a crash loses acknowledged spans; ${remedy}`;
  const loss = flush === 0 ? "a crash of searchd or a power cut" : "a power cut";
  return `searchd runs with binlog_flush = ${flush}: ${loss} may lose the last second of acknowledged spans; ${remedy}`;
}

/** The rows of a statement that gives names and values. */
async function pairs(client: Client, sql: string): Promise<ReadonlyMap<string, string>> {
  const rows = await client.query(sql);
  return new Map(rows.map(([name, value]) => [String(name), value === null ? "" : String(value)]));
}
