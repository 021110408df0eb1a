import type { Client } from "../connection/client.js";
import type { Settings } from "../options.js";
import { createLayouts } from "../read/layout.js";
import { createCatalog } from "../schema/catalog.js";
import { addColumn, missingColumns, shapeOf } from "../schema/columns.js";
import { createNaming } from "../schema/naming.js";
import { placesOf } from "../schema/places.js";
import { prepareSpace } from "../schema/space.js";
import { tablesFrom } from "../schema/tables.js";
import { defaultTuning } from "../schema/tuning.js";
import { createWindows } from "../schema/windows.js";
import { createOperations } from "../write/operations.js";
import { repairWindows } from "./repair.js";
import { rowsOf } from "./sizes.js";

export interface SpaceToRepair {
  readonly home: Client;
  readonly shards: readonly Client[];
  readonly settings: Settings;
  readonly prefix: string;
}

/** About how many fragments of each window are compared with the index. */
const sampledFragments = 2_048;
const neverRestarted = { settled: async () => 0, epoch: () => 0 };

/** Repairs a namespace while servers use it. @returns the faults, in words. */
export async function repairSpace({ home, shards, settings, prefix }: SpaceToRepair): Promise<string[]> {
  const { cluster, attributes, timeoutMillis } = settings;
  if ((await tablesFrom(home, prefix)).length === 0) return [];
  const unprepared = createNaming({ prefix, windows: createWindows(settings.window), cluster });
  const windows = createWindows(await prepareSpace(home, unprepared, settings.window, shards.length > 0));
  const naming = createNaming({ prefix, windows, cluster, attributes });
  const places = placesOf(home, shards, naming);
  const agents = settings.shards.map(({ agent }) => agent);
  const nextWindow = () => windows.at(BigInt(Date.now()) * 1_000_000n);
  const catalog = createCatalog({ client: home, naming, places, agents, timeoutMillis, nextWindow });
  const done: string[] = [];
  for (const { client } of places) {
    for (const { name, type } of await tablesFrom(client, `${naming.spans}_`)) {
      const shape = type === "rt" ? shapeOf(naming, name) : undefined;
      for (const column of shape === undefined ? [] : await missingColumns(client, name, shape)) {
        await client.query(addColumn(name, column));
        done.push(`${name} lacked the column ${column.name}: added again, empty in existing rows`);
      }
    }
  }
  const fault = await catalog.checkUnion(true);
  if (fault !== undefined) done.push(`${fault}: made again`);
  const operations = createOperations(home, naming, places, defaultTuning);
  const layouts = createLayouts({ client: home, naming, catalog, restarts: neverRestarted });
  const before = await rowsOf(home, naming.operations);
  const { lostTerms } = await repairWindows(
    { client: home, naming, places, catalog, layouts, operations },
    () => true,
    sampledFragments,
  );
  for (const [window, count] of lostTerms) {
    done.push(`${naming.fragments}_${window}: its index lacks ${count} terms, which searches know again`);
  }
  const names = (await rowsOf(home, naming.operations)) - before;
  if (names > 0) done.push(`${naming.operations}: ${names} rows of services and operations are back`);
  return done;
}
