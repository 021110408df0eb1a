import type { Engine } from "@spanstore/core";
import { createCatalog, makeTable } from "./catalog.js";
import { type Client, decimal } from "./client.js";
import { createControl } from "./control.js";
import { createDependencies } from "./dependencies.js";
import { failureOf, storeError } from "./errors.js";
import { createGate } from "./gate.js";
import { createNaming } from "./naming.js";
import { createOperations } from "./operations.js";
import type { Settings } from "./options.js";
import { createReader } from "./read.js";
import { createRetention } from "./retention.js";
import { controlTable, operationTable, stopTable } from "./schema.js";
import { createStopTerms } from "./stop-terms.js";
import { defaultTuning, type Tuning } from "./tuning.js";
import { createWindows } from "./windows.js";
import { createWriter } from "./write.js";

export interface EngineOptions {
  readonly client: Client;
  readonly settings: Settings;
  /** Of this space's tables. */
  readonly prefix: string;
  readonly tuning?: Tuning;
}

const nanosPerMilli = 1_000_000n;

/** Opens the engine on a space, whose tables are made when they are not there. */
export async function openEngine({
  client,
  settings,
  prefix,
  tuning = defaultTuning,
}: EngineOptions): Promise<Engine> {
  const windows = createWindows(settings.window);
  const naming = createNaming({ prefix, windows, cluster: settings.cluster });
  const catalog = createCatalog(client, naming);
  const currentWindow = () => windows.at(BigInt(Date.now()) * nanosPerMilli);

  const making = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw storeError(error, doing);
    }
  };

  const highestSequence = async (): Promise<number> => {
    const listed = await catalog.list();
    if (listed.length === 0) return 0;
    const rows = await client.query(
      `SELECT MAX(sequence) FROM ${listed.map(naming.fragmentTable).join(",")}`,
    );
    return decimal(rows[0], 0);
  };

  const control = await making("cannot open the store", async () => {
    await makeTable(client, naming, naming.operations, operationTable);
    await makeTable(client, naming, naming.stopTerms, stopTable);
    await makeTable(client, naming, naming.control, controlTable);
    await catalog.ensure([currentWindow()]);
    return createControl(client, naming, await highestSequence());
  });
  const operations = createOperations(client, naming, control, tuning);
  const stopTerms = createStopTerms(client, naming, tuning);
  const gate = createGate();
  const reader = createReader({ client, naming, catalog, stopTerms, tuning });
  const write = createWriter({
    client,
    naming,
    catalog,
    control,
    operations,
    stopTerms,
    gate,
    tuning,
    lanes: settings.writers,
  });
  const retention = createRetention({
    client,
    naming,
    catalog,
    control,
    operations,
    gate,
    tuning,
    currentWindow,
  });
  const dependencies = createDependencies({ client, naming, catalog, control, reader });

  return {
    name: "manticore",
    write,
    ...reader,
    sequence: (signal) => making("cannot begin a walk", () => control.sequence(signal)),
    services: (signal) => making("cannot read services", () => operations.services(signal)),
    operations: (service, signal) => making("cannot read operations", () => operations.of(service, signal)),
    dependencies: (query, signal) => making("cannot count calls", () => dependencies(query, signal)),
    deleteBefore: (time) => making("cannot delete", () => retention.deleteBefore(time)),
    purge: () => making("cannot purge", () => retention.purge()),
    stats: () =>
      making("cannot read the size", async () => {
        let bytes = 0;
        for (const window of await catalog.list()) {
          for (const table of [naming.fragmentTable(window), naming.spanTable(window)])
            bytes += await sizeOf(table);
        }
        return { bytes };
      }),
    health: async () => {
      try {
        await client.query(`SELECT id FROM ${naming.operations} LIMIT 1 OPTION max_matches=1`, {
          retryMillis: 0,
        });
      } catch (error) {
        throw storeError(error, "Manticore Search does not serve");
      }
    },
    close: () => control.close(),
  };

  async function sizeOf(table: string): Promise<number> {
    try {
      const rows = await client.query(`SHOW TABLE ${table} STATUS`);
      const value = (name: string): number =>
        decimal(
          rows.find((row) => row[0]?.toString("latin1") === name),
          1,
        );
      return value("disk_bytes") + value("ram_bytes");
    } catch (error) {
      if (failureOf(error) === "no table") return 0;
      throw error;
    }
  }
}
