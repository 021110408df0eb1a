import { type Client, decimal } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Catalog } from "../schema/catalog.js";
import type { Naming } from "../schema/naming.js";
import type { Place } from "../schema/places.js";
import type { Chore } from "./upkeep.js";

/** A window is left alone until so long after its end, since spans come late. */
const restNanos = 3_600_000_000_000n;
/** With no more chunks than these a merge is not worth writing everything again: a few late spans make one. */
const fewChunks = 3;
/** Rows in memory take more room than on disk, and searchd replays them at each start. */
const muchMemory = 4 * 1024 * 1024;
const longestMergeMillis = 3_600_000;
/** So often it is looked whether there is anything to do. */
const everyMillis = 10 * 60_000;

export interface TidyParts {
  readonly naming: Naming;
  readonly catalog: Pick<Catalog, "list">;
  readonly places: readonly Place[];
  /** In nanoseconds since the epoch. */
  readonly now: () => bigint;
}

/** How many rows each table of each place had when it was looked at last, in the order of the places. */
export type SeenRows = Map<string, number>[];

/**
 * Merges the tables of windows that are over and have not grown since the last look: what memory still
 * holds goes to disk, and many chunks become one, which takes less room and is searched faster. Of each daemon one table
 * at a time, whichever server merges it: a merge keeps one of searchd's threads busy, and with two of them on a machine
 * of two cores nothing else would be answered.
 * @param seen what an earlier call left there; nothing is merged without.
 */
export async function tidyWindows(
  { naming, catalog, places, now }: TidyParts,
  seen: SeenRows,
  signal?: AbortSignal,
): Promise<void> {
  const over = (await catalog.list()).filter(({ endUnixNano }) => endUnixNano + restNanos <= now());
  const tables = over.flatMap((window) => [naming.fragmentTable(window), naming.spanTable(window)]);
  for (const [place, { client }] of places.entries()) {
    const before = seen[place] ?? new Map<string, number>();
    seen[place] = new Map();
    await tidyTables(client, tables, before, seen[place], signal);
  }
}

async function tidyTables(
  client: Client,
  tables: readonly string[],
  before: ReadonlyMap<string, number>,
  seen: Map<string, number>,
  signal?: AbortSignal,
): Promise<void> {
  for (const table of tables) {
    try {
      const rows = await client.query(`SHOW TABLE ${table} STATUS`, { signal });
      const numberOf = (name: string): number =>
        decimal(
          rows.find((row) => row[0]?.toString("latin1") === name),
          1,
        );
      const rowCount = numberOf("indexed_documents");
      seen.set(table, rowCount);
      if (before.get(table) !== rowCount) continue;
      // Another server is at it, and will go on with the others.
      if (numberOf("optimizing") > 0) return;
      if (numberOf("ram_chunk") > muchMemory) await client.query(`FLUSH RAMCHUNK ${table}`, { signal });
      if (numberOf("disk_chunks") <= fewChunks) continue;
      await client.query(`OPTIMIZE TABLE ${table} OPTION sync=1, cutoff=1`, {
        signal,
        timeoutMillis: longestMergeMillis,
        retryMillis: 0,
      });
    } catch (error) {
      // Dropped since it was listed.
      if (failureOf(error) !== "no table") throw error;
    }
  }
}

/** The chore of merging. */
export function tidying(parts: TidyParts): Chore {
  const seen: SeenRows = [];
  return { everyMillis, work: (signal) => tidyWindows(parts, seen, signal) };
}
