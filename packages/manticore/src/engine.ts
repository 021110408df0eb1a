import { createSlowAnswer, type Engine, type Finding } from "@spanstore/core/engine";
import { type Client, decimal } from "./connection/client.js";
import { storeError } from "./connection/errors.js";
import { createControl } from "./coordination/control.js";
import { createGate } from "./coordination/gate.js";
import { createRestarts } from "./coordination/restarts.js";
import { repairWindows } from "./maintenance/repair.js";
import { createRetention } from "./maintenance/retention.js";
import { createSizes } from "./maintenance/sizes.js";
import { tidying } from "./maintenance/tidy.js";
import { startUpkeep } from "./maintenance/upkeep.js";
import type { Settings } from "./options.js";
import { createLayouts } from "./read/layout.js";
import { createLedgers } from "./read/ledgers.js";
import { createReader } from "./read/read.js";
import { createRowBytes } from "./read/row-bytes.js";
import { spreadWrites, type Write } from "./read/spread.js";
import { createCatalog } from "./schema/catalog.js";
import { createNaming } from "./schema/naming.js";
import { placesOf } from "./schema/places.js";
import { noteAttributes, prepareSpace, settingDifferences } from "./schema/space.js";
import { defaultTuning, type Tuning } from "./schema/tuning.js";
import { createWindows, type Window } from "./schema/windows.js";
import { createStopTerms } from "./terms/stop-terms.js";
import type { InsertThread } from "./write/insert-thread-client.js";
import { createInserter } from "./write/inserter.js";
import { createOperations } from "./write/operations.js";
import { createWriter } from "./write/write.js";

export interface EngineOptions {
  readonly client: Client;
  /** The clients of the settings' shards, in their order. */
  readonly shards?: readonly Client[];
  readonly settings: Settings;
  /** The prefix of this namespace's tables. */
  readonly prefix: string;
  readonly tuning?: Tuning;
  /** Receives repairs that the store did by itself, for the operator. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Receives the settings that differ from those the store was made with. */
  readonly onDifferences?: ((differences: readonly Finding[]) => void) | undefined;
  /** Makes inserters on another thread, for large writes. */
  readonly inserterOf?: InsertThread["inserterOf"];
}

const nanosPerMilli = 1_000_000n;
/** Fragments of each window that are compared with the index after a restart of searchd. */
const sampledForRepair = 256;
const repairMillis = 60_000;
/** The tables of a window are made ahead: 1/96 of a window's length before it begins. */
const aheadParts = 96n;

/** Opens the engine on a namespace, and makes its missing tables. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  return withStoreError("cannot open the store", () => openSpace(options));
}

async function openSpace({
  client,
  shards = [],
  settings,
  prefix,
  tuning = defaultTuning,
  warn,
  onDifferences,
  inserterOf,
}: EngineOptions): Promise<Engine> {
  const { cluster, attributes, timeoutMillis } = settings;
  const unprepared = createNaming({ prefix, windows: createWindows(settings.window), cluster });
  const length = await prepareSpace(client, unprepared, settings.window, shards.length > 0);
  const windows = createWindows(length);
  const naming = createNaming({ prefix, windows, cluster, attributes });
  const before = { window: length, attributes: await noteAttributes(client, naming, attributes) };
  onDifferences?.(settingDifferences(settings, before));
  const places = placesOf(client, shards, naming);
  const now = (): bigint => BigInt(Date.now()) * nanosPerMilli;
  const currentWindow = (): Window => windows.at(now());
  const nextWindow = (): Window => {
    const { startUnixNano, endUnixNano } = currentWindow();
    return windows.at(now() + (endUnixNano - startUnixNano) / aheadParts);
  };
  const agents = settings.shards.map(({ agent }) => agent);
  const catalog = createCatalog({ client, naming, places, agents, timeoutMillis, nextWindow });
  // A shard may have been added since the windows were made: with shards, all of them are checked.
  await catalog.ensure([...(shards.length > 0 ? await catalog.list() : []), currentWindow()]);

  const control = createControl(client, naming, await highestSequence());
  const operations = createOperations(client, naming, places, tuning);
  const stopTerms = createStopTerms(client, naming, tuning);
  const gate = createGate();
  const restarts = createRestarts([client, ...shards], restore);
  const layouts = createLayouts({ client, naming, catalog, restarts });
  const rowBytes = createRowBytes();
  const reader = createReader({ client, naming, catalog, layouts, rowBytes, tuning });
  const writers = places.map((own, place) => {
    const inserter = createInserter({ ...own, home: client, stopTerms, tuning });
    const threadInserter = inserterOf?.({ prefix, window: length, place });
    const parts = { catalog, control, restarts, operations, gate, lanes: settings.writers };
    return createWriter({ ...parts, inserter, threadInserter });
  });
  const retention = createRetention({
    naming,
    places,
    catalog,
    control,
    operations,
    gate,
    tuning,
    currentWindow,
  });
  const ledgers = createLedgers({ client, naming, catalog, control, reader, rowBytes, tuning });
  const size = createSlowAnswer(createSizes({ naming, catalog, places, now }));
  /** Windows whose names or stop-term lists a restart of searchd may have lost. */
  const doubtful = new Map<string, Window>();
  const repair = async (): Promise<void> => {
    const windows = new Set(doubtful.keys());
    if (windows.size === 0) return;
    const parts = { client, naming, places, catalog, layouts, operations };
    await repairWindows(parts, ({ name }) => windows.has(name), sampledForRepair);
    for (const name of windows) doubtful.delete(name);
  };
  const endUpkeep = startUpkeep([
    tidying({ naming, catalog, places, now }),
    { everyMillis: repairMillis, work: repair },
    { everyMillis: repairMillis, work: checkUnion },
  ]);

  const write = spreadWrites(writers as [Write, ...Write[]], timeoutMillis);

  return {
    name: "manticore",
    write: (encoded, signal, _handOver, watched) => write(encoded, signal, watched),
    ...reader,
    sequence: (signal) => withStoreError("cannot begin a walk", () => control.sequence(signal)),
    services: (signal) => withStoreError("cannot read services", () => operations.services(signal)),
    operations: (service, signal) =>
      withStoreError("cannot read operations", () => operations.of(service, signal)),
    dependencies: (query, signal, reading) =>
      withStoreError("cannot count calls", () => ledgers.dependencies(query, signal, reading)),
    rollups: (range, signal, reading) =>
      withStoreError("cannot count spans", () => ledgers.rollups(range, signal, reading)),
    deleteBefore: (time) => withStoreError("cannot delete", () => retention.deleteBefore(time)),
    expire: (time, dryRun) => withStoreError("cannot delete", () => retention.expire(time, dryRun)),
    purge: () => withStoreError("cannot purge", () => retention.purge()),
    stats: () => withStoreError("cannot read the size", async () => ({ bytes: await size.get() })),
    health: () => withStoreError("the store does not serve", checkHealth),
    close: () => {
      endUpkeep();
      return control.close();
    },
  };

  async function checkUnion(): Promise<void> {
    const fault = await catalog.checkUnion();
    if (fault !== undefined)
      warn?.(`${fault}: SQL over all days failed or was incomplete; the table is made again`);
  }

  /** Writes again the rows that this server relies on. Rows that are derived from spans follow in the background. */
  async function restore(): Promise<void> {
    catalog.forget();
    await prepareSpace(client, naming, length, shards.length > 0);
    await catalog.ensure([currentWindow()]);
    await layouts.restore();
    await stopTerms.restore();
    for (const window of [currentWindow(), ...operations.forget()]) doubtful.set(window.name, window);
    // Upkeep retries a failure.
    void repair().catch(() => undefined);
  }

  async function highestSequence(): Promise<number> {
    const listed = await catalog.list();
    if (listed.length === 0) return 0;
    const tables = listed.map(naming.fragmentTable).join(",");
    const [rows] = await client.together([`SELECT MAX(sequence) FROM ${tables}`]);
    return decimal(rows?.[0], 0);
  }

  async function checkHealth(): Promise<void> {
    await client.query(`SELECT id FROM ${naming.operations} LIMIT 1 OPTION max_matches=1`, {
      retryMillis: 0,
    });
    if (shards.length === 0) return;
    // One shard that takes spans is enough: writes go to the next one.
    await Promise.any(shards.map((shard) => shard.query("SELECT version()", { retryMillis: 0 }))).catch(
      ({ errors: [first] }: AggregateError) => {
        throw first;
      },
    );
  }
}

async function withStoreError<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeError(error, doing);
  }
}
