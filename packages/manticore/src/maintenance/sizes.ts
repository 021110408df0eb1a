import { type Client, decimal } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Catalog } from "../schema/catalog.js";
import type { Naming } from "../schema/naming.js";
import type { Place } from "../schema/places.js";
import type { Window } from "../schema/windows.js";

export interface SizeParts {
  readonly naming: Naming;
  readonly catalog: Pick<Catalog, "list">;
  readonly places: readonly Place[];
  /** In nanoseconds since the epoch. */
  readonly now: () => bigint;
}

interface Size {
  readonly bytes: number;
  /** When it was read, in milliseconds. */
  readonly at: number;
}

/** Late spans come within this time after a window's end. */
const restNanos = 3_600_000_000_000n;
/** Of tables that hardly change, so many are looked at again, the ones first that were looked at longest ago. */
const oldTables = 16;

/**
 * Makes what reads how many bytes the tables of spans take. The first time it asks for each table, later for those of
 * windows that are not over, and for a few of the others in turn, since searchd tells of one table a statement.
 */
export function createSizes({ naming, catalog, places, now }: SizeParts): () => Promise<number> {
  let known: readonly Map<string, Size>[] = places.map(() => new Map());

  const tablesOf = (window: Window): string[] => [naming.fragmentTable(window), naming.spanTable(window)];

  const readPlace = async (
    { client }: Place,
    before: ReadonlyMap<string, Size>,
    windows: readonly Window[],
  ): Promise<Map<string, Size>> => {
    const isOver = ({ endUnixNano }: Window): boolean => endUnixNano + restNanos <= now();
    const old = windows.filter(isOver).flatMap(tablesOf);
    const due = new Set([
      ...windows.filter((window) => !isOver(window)).flatMap(tablesOf),
      ...old.filter((table) => !before.has(table)),
      ...old.sort((a, b) => (before.get(a)?.at ?? 0) - (before.get(b)?.at ?? 0)).slice(0, oldTables),
    ]);
    const sizes = new Map<string, Size>();
    for (const table of windows.flatMap(tablesOf)) {
      const last = before.get(table);
      const isKnown = last !== undefined && !due.has(table);
      sizes.set(table, isKnown ? last : { bytes: await sizeOf(client, table), at: performance.now() });
    }
    return sizes;
  };

  return async () => {
    const windows = await catalog.list();
    known = await Promise.all(places.map((place, i) => readPlace(place, known[i] ?? new Map(), windows)));
    let bytes = 0;
    for (const sizes of known) for (const size of sizes.values()) bytes += size.bytes;
    return bytes;
  };
}

/** What a table takes, in bytes: its files and what only memory holds yet; 0 when it is gone. */
export async function sizeOf(client: Client, table: string): Promise<number> {
  try {
    const rows = await client.query(`SHOW TABLE ${table} STATUS`);
    const value = (name: string): number =>
      decimal(
        rows.find((row) => row[0]?.toString("latin1") === name),
        1,
      );
    return value("disk_bytes") + value("ram_chunk");
  } catch (error) {
    if (failureOf(error) === "no table") return 0;
    throw error;
  }
}

/** How many rows a table has; 0 when it is gone. */
export async function rowsOf(client: Client, table: string): Promise<number> {
  try {
    return decimal((await client.query(`SELECT COUNT(*) FROM ${table}`))[0], 0);
  } catch (error) {
    if (failureOf(error) === "no table") return 0;
    throw error;
  }
}
