import { createSlowAnswer, type Engine, type Finding, orAborted } from "@spanstore/core/engine";
import type { Client } from "./connection/client.js";
import { storeError } from "./connection/errors.js";
import { createControl } from "./coordination/control.js";
import { checkHealth, readStats } from "./maintenance/health.js";
import { createRetention } from "./maintenance/retention.js";
import type { Settings } from "./options.js";
import { createDictionaries } from "./read/dictionary.js";
import { createKeptFragments } from "./read/kept.js";
import { createLedgers } from "./read/ledgers.js";
import { createReader } from "./read/read.js";
import { createDatedIndices } from "./schema/dated-indices.js";
import { makeControl, prepareNamespace, windowDifferences } from "./schema/namespace.js";
import { createNaming } from "./schema/naming.js";
import { createWindows } from "./schema/windows.js";
import { createOperations } from "./write/operations.js";
import { createRefresher } from "./write/refresh.js";
import { createWriter } from "./write/write.js";

export interface EngineOptions {
  readonly client: Client;
  readonly settings: Settings;
  /** The prefix of the namespace's indices. */
  readonly prefix: string;
  /** Receives what of the settings differs from what the store was made with. */
  readonly onDifferences?: ((differences: readonly Finding[]) => void) | undefined;
  /** Returns nanoseconds since the epoch; for tests. */
  readonly now?: () => bigint;
  /** The spans from which the first dictionary is made; for tests. */
  readonly sampledSpans?: number;
  /** The interval at which a server that writes looks for the barriers of others; for tests. */
  readonly pollMillis?: number;
}

const nanosPerMilli = 1_000_000n;

/** Opens the engine on a namespace, which it makes when it is missing. */
export async function openEngine({
  client,
  settings,
  prefix,
  onDifferences,
  now = clock,
  sampledSpans,
  pollMillis,
}: EngineOptions): Promise<Engine> {
  const window = await prepareNamespace(client, prefix, settings);
  onDifferences?.(windowDifferences(settings.window, window));
  const naming = createNaming(prefix, createWindows(window, now));

  const remake = () => makeControl(client, naming.control, window, settings);
  const control = createControl(client, naming.control, remake, pollMillis);
  const dictionaries = createDictionaries({
    client,
    control: naming.control,
    ...(sampledSpans !== undefined && { sample: sampledSpans }),
  });
  const kept = createKeptFragments(client, dictionaries);
  // Where writes wait until searches find them, lists of names must be current, too.
  const listsAgeMillis = settings.refresh === "wait" ? 0 : settings.refreshIntervalMillis;
  const operations = createOperations(client, kept, naming, listsAgeMillis);
  const { changed } = operations;
  const { refreshed } = createRefresher(client, naming.pattern);
  const { candidates, fragments } = createReader(kept, naming);
  const sequence = async (signal?: AbortSignal): Promise<number> => {
    const number = await control.barrier(false, signal);
    await orAborted(refreshed(), signal);
    return number;
  };
  const ledgers = createLedgers({
    kept,
    naming,
    control,
    reader: { sequence, candidates, fragments },
  });
  const retention = createRetention({ client, kept, naming, control, operations, refreshed });
  const write = createWriter({
    client,
    naming,
    control,
    operations,
    dictionaries,
    indices: createDatedIndices(client, settings),
    lanes: settings.writers,
    retryMillis: settings.retryMillis,
    renewNames: async (indices) => {
      await refreshed(indices);
      for (const index of indices) await operations.renew(index);
    },
    visible: settings.refresh === "wait" ? refreshed : undefined,
  });

  const size = createSlowAnswer(() => readStats(client, naming));
  const doing = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw storeError(error, what);
    }
  };

  return {
    name: "elasticsearch",
    write: (encoded, signal, handOver, watched) =>
      doing("cannot write", () => write(encoded, signal, handOver, watched)),
    candidates,
    fragments,
    sequence: (signal) => doing("cannot begin a walk", () => sequence(signal)),
    services: (signal) => doing("cannot read services", () => operations.services(signal)),
    operations: (service, signal) => doing("cannot read operations", () => operations.of(service, signal)),
    dependencies: (query, signal, reading) =>
      doing("cannot count calls", () => ledgers.dependencies(query, signal, reading)),
    rollups: (range, signal, reading) =>
      doing("cannot count spans", () => ledgers.rollups(range, signal, reading)),
    deleteBefore: (time) => doing("cannot delete", () => retention.deleteBefore(time).finally(changed)),
    expire: (time, dryRun) => doing("cannot delete", () => retention.expire(time, dryRun).finally(changed)),
    purge: () => doing("cannot purge", () => retention.purge().finally(changed)),
    stats: () => doing("cannot read the size", size.get),
    health: () => doing("Elasticsearch does not serve", () => checkHealth(client, naming, now())),
    close: async () => {
      await dictionaries.settled();
      await control.close();
    },
  };
}

function clock(): bigint {
  return BigInt(Date.now()) * nanosPerMilli;
}
