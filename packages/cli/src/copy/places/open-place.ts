import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { credentials } from "@grpc/grpc-js";
import { connectSpanStore } from "@spanstore/client";
import { type SpanStore, SpanStoreError } from "@spanstore/core";
import {
  fileProblem,
  type JaegerIndices,
  openJaegerIndices,
  openStore,
  sqlitePath,
  UsageError,
} from "@spanstore/grpc-server/program";
import { checkHealth, closingAtFailure, naming } from "../../calling/opening.js";
import { jaegerSource } from "./jaeger-source.js";
import type { Place, ServerPlace, StorePlace } from "./place.js";
import type { SpanSource } from "./source.js";
import { storeSource } from "./store-source.js";

/** The store within a place: a tenant's, or the archive. */
export interface Space {
  readonly tenant: string | undefined;
  readonly archive: boolean;
}

export interface OpenSource {
  readonly source: SpanSource;
  readonly close: () => Promise<void>;
}

export interface OpenTarget {
  readonly store: SpanStore;
  readonly source: SpanSource;
  /** Whether searches may find acknowledged spans only a moment later. */
  readonly isPatient: boolean;
  readonly close: () => Promise<void>;
}

type Warn = (message: string) => void;

/**
 * Opens a place for reading, in pages no larger than a window.
 * @throws UsageError when the place cannot be a source.
 */
export async function openSource(
  place: Place,
  { tenant, archive }: Space,
  windowSize: number,
  warn: Warn,
): Promise<OpenSource> {
  const flag = "--from";
  if (place.kind === "jaeger") {
    if (tenant !== undefined) throw new UsageError(["--from-tenant: Jaeger's own indices have no tenants"]);
    const ca = await contentOf(flag, place.caFile);
    return naming(`${flag} ${place.name}`, async () => {
      const indices = await openJaegerIndices({ ...place.options, ca, archive });
      await checkAnswers(indices);
      return { source: jaegerSource(indices, place.dotReplacement), close: indices.close };
    });
  }
  if (place.kind === "store") checkFile(flag, place, archive);
  const { opened, store } = await openSpace(flag, place, { tenant, archive }, warn);
  return closingAtFailure(opened, async () => {
    const { spanSearch, paginated } = await store.capabilities();
    if (!spanSearch || !paginated) {
      throw new SpanStoreError("UNSUPPORTED", `${flag} ${place.name} has no search for spans by pages`, {
        hint: "copy from its backend itself",
      });
    }
    return { source: storeSource(store, windowSize), close: () => opened.close() };
  });
}

/** Opens a place for writing, or for comparison only. */
export async function openTarget(
  place: Place,
  space: Space,
  writes: boolean,
  warn: Warn,
): Promise<OpenTarget> {
  const flag = "--to";
  if (place.kind === "jaeger") {
    throw new UsageError([
      "--to: Jaeger's own indices are only read: take elasticsearch: for indices of spanstore",
    ]);
  }
  if (place.kind === "store" && place.config.backend === "memory") {
    throw new UsageError([
      "--to: what is in memory ends with the copy: start a server and take grpc:HOST:PORT",
    ]);
  }
  if (place.kind === "store" && !writes) checkFile(flag, place, space.archive);
  const { opened, store } = await openSpace(flag, place, space, warn);
  return {
    store,
    source: storeSource(store),
    isPatient: place.kind === "server",
    close: () => opened.close(),
  };
}

/** Opens the store of a place, and in it a tenant's. A place that does not answer at the start fails at once. */
async function openSpace(
  flag: string,
  place: StorePlace | ServerPlace,
  { tenant, archive }: Space,
  warn: Warn,
): Promise<{ readonly opened: SpanStore; readonly store: SpanStore }> {
  return naming(`${flag} ${place.name}`, async () => {
    const opened = await openPlace(flag, place, archive, warn);
    return closingAtFailure(opened, async () => {
      await checkHealth(opened);
      return { opened, store: tenant === undefined ? opened : opened.forTenant(tenant) };
    });
  });
}

async function openPlace(
  flag: string,
  place: StorePlace | ServerPlace,
  archive: boolean,
  warn: Warn,
): Promise<SpanStore> {
  if (place.kind === "store") return openStore(place.config, archive ? "archive" : "main", warn);
  const ca = await contentOf(flag, place.caFile);
  return connectSpanStore(place.address, {
    ...(place.tls && { credentials: credentials.createSsl(ca === undefined ? null : Buffer.from(ca)) }),
    tenantHeader: place.tenantHeader,
    metadata: { ...place.headers, ...(archive && { "spanstore-store": "archive" }) },
  });
}

/** @throws STORE_UNAVAILABLE when Elasticsearch does not answer. */
async function checkAnswers(indices: JaegerIndices): Promise<void> {
  try {
    for await (const _ of indices.read({ min: 0, max: 1 })) break;
  } catch (error) {
    await indices.close();
    throw error;
  }
}

/** Refuses a missing file, since opening it would create it and the copy of an empty store would succeed. */
function checkFile(flag: string, { config }: StorePlace, archive: boolean): void {
  if (config.backend === "memory") {
    throw new UsageError([`${flag}: a store in memory lives in its server alone: take grpc:HOST:PORT`]);
  }
  if (config.backend !== "sqlite") return;
  const path = sqlitePath(config["sqlite.path"], archive ? "archive" : "main");
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) throw new UsageError([`${flag}: there is no file ${path}`]);
  if (info.isDirectory()) throw new UsageError([`${flag}: ${path} is a folder`]);
}

async function contentOf(flag: string, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError([`${flag}: ca-file: ${fileProblem("read", file, error)}`]);
  }
}
