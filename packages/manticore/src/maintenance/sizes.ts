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

/** Late spans arrive within this time after a window's end. */
const restNanos = 3_600_000_000_000n;
/** Tables of past windows that each call reads again, the least recently read first. */
const oldTables = 16;

/**
 * Makes a function that reads the total size of the span and fragment tables, in bytes. Its first call reads every
 * table. Later calls read the tables of current windows and a few others in turn, since each table takes a statement.
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

/** The size of a table in bytes: its files, and rows that are only in memory; 0 when the table is gone. */
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

/** The number of rows of a table; 0 when the table is gone. */
export async function rowsOf(client: Client, table: string): Promise<number> {
  try {
    return decimal((await client.query(`SELECT COUNT(*) FROM ${table}`))[0], 0);
  } catch (error) {
    if (failureOf(error) === "no table") return 0;
    throw error;
  }
}
