import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { credentials } from "@grpc/grpc-js";
import { connectSpanStore } from "@spanstore/client";
import { type SpanStore, SpanStoreError } from "@spanstore/core";
import { openJaegerIndices, openStore, sqlitePath, UsageError } from "@spanstore/grpc-server/program";
import { jaegerSource } from "./jaeger-source.js";
import type { Place, ServerPlace, StorePlace } from "./place.js";
import type { SpanSource } from "./source.js";
import { storeSource } from "./store-source.js";

/** Which space of a place is meant. */
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
  /** Whether what it acknowledged may be found a moment later. */
  readonly isPatient: boolean;
  readonly close: () => Promise<void>;
}

type Warn = (message: string) => void;

/**
 * Opens a place to read from it, in pages that are no larger than a window.
 * @throws UsageError when there is nothing to read.
 */
export async function openSource(
  place: Place,
  { tenant, archive }: Space,
  windowSize: number,
  warn: Warn,
): Promise<OpenSource> {
  if (place.kind === "jaeger") {
    if (tenant !== undefined) throw new UsageError(["--from-tenant: Jaeger's own indices have no tenants"]);
    const ca = await contentOf(place.caFile);
    const indices = await openJaegerIndices({ ...place.options, ca, archive });
    return { source: jaegerSource(indices, place.dotReplacement), close: indices.close };
  }
  if (place.kind === "store") checkFile(place, archive);
  const opened = await openPlace(place, archive, warn);
  try {
    const store = tenant === undefined ? opened : opened.forTenant(tenant);
    const { spanSearch, paginated } = await store.capabilities();
    if (!spanSearch || !paginated) {
      throw new SpanStoreError("UNSUPPORTED", `${place.name} has no search for spans by pages`, {
        hint: "copy from its backend itself",
      });
    }
    return { source: storeSource(store, windowSize), close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Opens a place to write to it, or to compare it. */
export async function openTarget(
  place: Place,
  { tenant, archive }: Space,
  writes: boolean,
  warn: Warn,
): Promise<OpenTarget> {
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
  if (place.kind === "store" && !writes) checkFile(place, archive);
  const opened = await openPlace(place, archive, warn);
  const store = tenant === undefined ? opened : opened.forTenant(tenant);
  return {
    store,
    source: storeSource(store),
    isPatient: place.kind === "server",
    close: () => opened.close(),
  };
}

async function openPlace(place: StorePlace | ServerPlace, archive: boolean, warn: Warn): Promise<SpanStore> {
  if (place.kind === "store") return openStore(place.config, archive ? "archive" : "main", warn);
  const ca = await contentOf(place.caFile);
  return connectSpanStore(place.address, {
    ...(place.tls && { credentials: credentials.createSsl(ca === undefined ? null : Buffer.from(ca)) }),
    tenantHeader: place.tenantHeader,
    metadata: { ...place.headers, ...(archive && { "spanstore-store": "archive" }) },
  });
}

/** Opening a file makes it, and an empty one would be copied without a word. */
function checkFile({ config }: StorePlace, archive: boolean): void {
  if (config.backend === "memory")
    throw new UsageError(["there is nothing to read in a memory of one's own"]);
  if (config.backend !== "sqlite") return;
  const path = sqlitePath(config["sqlite.path"], archive ? "archive" : "main");
  if (!existsSync(path)) throw new UsageError([`there is no file ${path}`]);
}

async function contentOf(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : readFile(file, "utf8");
}
