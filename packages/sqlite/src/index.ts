import type { SpanStore } from "@spanstore/core";
import { checkNode, invalidOption, wholeNumberOption } from "@spanstore/core/engine";
import { openThreadedStore } from "./store.js";

export { type DiagnosisOptions, diagnoseSqlite } from "./maintenance/diagnosis.js";

export interface SqliteOptions {
  /** The file, created when it is missing; `":memory:"` for a store that lives until it is closed. */
  readonly path: string;
  /**
   * `full`, the default: acknowledged spans survive a power cut. `normal`: they survive a crash or a kill of the process, but
   * a power cut may lose the last moments.
   */
  readonly synchronous?: "full" | "normal";
  /** Threads for reads, started on demand; 2 by default. */
  readonly readers?: number;
}

/**
 * Opens a store in a SQLite file.
 * @throws INVALID_OPTIONS naming the option; INCOMPATIBLE_SCHEMA when the file is no database, belongs to another
 *   program, or has a newer version; STORE_UNAVAILABLE when it cannot be opened or written; DRIVER_UNAVAILABLE when
 *   better-sqlite3 does not load here, or on a Node.js older than 22.12.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<SpanStore> {
  checkNode();
  const { path, synchronous = "full", readers = 2 } = options;
  if (typeof path !== "string" || path === "") throw invalidOption("path", "names no file");
  if (synchronous !== "full" && synchronous !== "normal")
    throw invalidOption("synchronous", 'is neither "full" nor "normal"');
  return openThreadedStore({ path, synchronous, readers: wholeNumberOption("readers", readers, 1, 64) });
}
