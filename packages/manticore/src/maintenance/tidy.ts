import { type Client, decimal } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Catalog } from "../schema/catalog.js";
import type { Naming } from "../schema/naming.js";
import type { Place } from "../schema/places.js";
import type { Chore } from "./upkeep.js";

/** Windows are merged this long after their end at the earliest, since spans come late. */
const restNanos = 3_600_000_000_000n;
/** With so few chunks, a merge is not worth writing all rows again: a few late spans already make a chunk. */
const fewChunks = 3;
/** Rows in memory take more space than on disk, and searchd replays them at each start. */
const muchMemory = 4 * 1024 * 1024;
const longestMergeMillis = 3_600_000;
/** The interval between two looks. */
const everyMillis = 10 * 60_000;

export interface TidyParts {
  readonly naming: Naming;
  readonly catalog: Pick<Catalog, "list">;
  readonly places: readonly Place[];
  /** In nanoseconds since the epoch. */
  readonly now: () => bigint;
}

/** The number of rows of each table at the last look; one map per place, in their order. */
export type SeenRows = Map<string, number>[];

/**
 * Compacts the tables of past windows that have not grown since the last look: saves rows in memory to disk, and merges
 * many chunks into one, which takes less space and is searched faster. Only one table of a daemon is merged at a time,
 * even with several servers: a merge occupies a thread of searchd, and two merges would block a machine of two cores.
 * @param seen the counts of the previous call, which this call replaces; a table without a count is not merged.
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
      // Another server merges this table, and goes on with the rest.
      if (numberOf("optimizing") > 0) return;
      if (numberOf("ram_chunk") > muchMemory) await client.query(`FLUSH RAMCHUNK ${table}`, { signal });
      if (numberOf("disk_chunks") <= fewChunks) continue;
      await client.query(`OPTIMIZE TABLE ${table} OPTION sync=1, cutoff=1`, {
        signal,
        timeoutMillis: longestMergeMillis,
        retryMillis: 0,
      });
    } catch (error) {
      // The table was dropped after it was listed.
      if (failureOf(error) !== "no table") throw error;
    }
  }
}

/** The chore that runs {@link tidyWindows}. */
export function tidying(parts: TidyParts): Chore {
  const seen: SeenRows = [];
  return { everyMillis, work: (signal) => tidyWindows(parts, seen, signal) };
}
