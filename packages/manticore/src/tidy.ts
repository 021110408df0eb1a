import type { Catalog } from "./catalog.js";
import { type Client, decimal } from "./client.js";
import { failureOf } from "./errors.js";
import type { Naming } from "./naming.js";
import type { Place } from "./places.js";

/** A window is left alone until so long after its end, since spans come late. */
const restNanos = 3_600_000_000_000n;
/** With no more chunks than these a merge is not worth writing everything again: a few late spans make one. */
const fewChunks = 3;
/** What is kept in memory is larger there than on disk, and has to be read again at each start. */
const muchMemory = 4 * 1024 * 1024;
/** So often it is looked whether there is anything to do. */
const everyMillis = 10 * 60_000;

export interface TidyParts {
  readonly naming: Naming;
  readonly catalog: Pick<Catalog, "list">;
  readonly places: readonly Place[];
  /** In nanoseconds since the epoch. */
  readonly now: () => bigint;
}

/**
 * Merges the tables of windows that are over: what memory still holds goes to disk, and many chunks become one, which
 * takes less room and is searched faster. Several servers may do so; each table is merged by who comes first.
 */
export async function tidyWindows({ naming, catalog, places, now }: TidyParts): Promise<void> {
  const over = (await catalog.list()).filter(({ endUnixNano }) => endUnixNano + restNanos <= now());
  for (const window of over) {
    for (const table of [naming.fragmentTable(window), naming.spanTable(window)]) {
      for (const { client } of places) {
        try {
          await tidyTable(client, table);
        } catch (error) {
          // Dropped since it was listed.
          if (failureOf(error) !== "no table") throw error;
        }
      }
    }
  }
}

async function tidyTable(client: Client, table: string): Promise<void> {
  const rows = await client.query(`SHOW TABLE ${table} STATUS`);
  const numberOf = (name: string): number =>
    decimal(
      rows.find((row) => row[0]?.toString("latin1") === name),
      1,
    );
  const chunks = numberOf("disk_chunks");
  if (numberOf("ram_bytes") > muchMemory) await client.query(`FLUSH RAMCHUNK ${table}`);
  if (chunks <= fewChunks) return;
  // It goes on by itself: a merge may take longer than any statement should.
  await client.query(`OPTIMIZE TABLE ${table} OPTION cutoff=1`);
}

/** Does so from time to time. @returns what ends it. */
export function startTidying(parts: TidyParts): () => void {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    // It only saves room and time, and is tried again.
    void tidyWindows(parts)
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  }, everyMillis).unref();
  return () => clearInterval(timer);
}
