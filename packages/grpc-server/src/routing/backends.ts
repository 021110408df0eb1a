import type { Metadata } from "@grpc/grpc-js";
import { type SpanStore, SpanStoreError } from "@spanstore/core";
import type { SpanLimits } from "@spanstore/core/engine";
import type { Arrivals } from "@spanstore/http";
import type { Services } from "@spanstore/rpc";
import { LRUCache } from "lru-cache";
import { limitedStore } from "../limits/limited-store.js";
import type { RateLimit } from "../limits/rate-limits.js";
import { rated } from "../limits/rated.js";
import { queryServiceV2 } from "../query/api-v2.js";
import { queryServiceV3 } from "../query/api-v3.js";
import { metricsReader } from "../query/metrics-reader.js";
import type { ArchiveMethods } from "../storage-v1/archive.js";
import { storageV1 } from "../storage-v1/services.js";
import { type ExportTraces, exportTraces } from "../storage-v2/export.js";
import { storageV2 } from "../storage-v2/services.js";
import type { DeadLetters, Destination } from "../upkeep/dead-letters.js";
import type { Metrics } from "../upkeep/metrics.js";
import type { Archive } from "./archive.js";
import type { TenantOf } from "./tenancy.js";

/** The header that names a store other than the main one. */
const storeHeader = "spanstore-store";
const archiveName = "archive";

export interface BackendOptions {
  readonly store: SpanStore;
  readonly archive: Archive | undefined;
  /** The tenant of a call; undefined where there are no tenants. */
  readonly tenantOf: TenantOf | undefined;
  readonly declareStreaming: boolean;
  readonly arrivals: Arrivals;
  /** Wraps a store so that watches see its writes. */
  readonly watched: (store: SpanStore, tenant: string | undefined) => SpanStore;
  readonly metrics: Metrics;
  readonly deadLetters: (destination: Destination) => DeadLetters;
  /** The bounds of written spans; undefined: only the size of messages is bounded. */
  readonly limits: SpanLimits | undefined;
  /** The rate of a tenant's writes, or of all writes without tenancy; undefined: no bound. */
  readonly rateOf: (tenant: string | undefined) => RateLimit | undefined;
  /** The most by which query services move times when hosts' clocks disagree, in milliseconds. */
  readonly maxClockSkewMs: number;
}

/** The number of tenants whose services are cached, the latest callers'. Callers can invent names, so it is bounded. */
const keptSpaces = 256;

/** A tenant's stores over HTTP. */
export interface HttpSpace {
  /** Rejects spans beyond the limits. */
  readonly store: SpanStore;
  readonly archive: (() => Promise<SpanStore>) | undefined;
  /** Writes as gRPC's Export does, with the same rate, dead letters and metrics. */
  readonly write: ExportTraces;
}

/** Chooses the services that answer a call. All callers have services of the same names. */
export interface Backends {
  /** Their names. */
  readonly services: Services;
  /** The services over the store of a call. @throws INVALID_QUERY for an unknown store. */
  choose(headers: Metadata): Services | Promise<Services>;
  /** The stores of a tenant; undefined: the default tenant. */
  httpSpace(tenant: string | undefined): HttpSpace;
  /** Opens the archive, and returns the services over it. */
  chooseArchive(headers: Metadata): Promise<Services>;
}

/** The main store and the archive of one tenant, or of the default tenant. */
interface Space {
  readonly http: HttpSpace;
  readonly main: Services;
  readonly archive: () => Promise<Services>;
}

interface Backend {
  readonly store: SpanStore;
  readonly write: ExportTraces;
  readonly services: Services;
  readonly asArchive: ArchiveMethods;
}

export function createBackends(options: BackendOptions): Backends {
  const { store, archive, tenantOf } = options;
  const shared = spaceOver(options, undefined, store, archive && (() => archive.open()));
  const spaces = new LRUCache<string, Space>({ max: keptSpaces });

  const spaceOf = (headers: Metadata): Space => spaceOfTenant(tenantOf?.((name) => headers.get(name)));
  const spaceOfTenant = (tenant: string | undefined): Space => {
    if (tenant === undefined) return shared;
    let space = spaces.get(tenant);
    if (space === undefined) {
      const openArchive = archive && (async () => (await archive.open()).forTenant(tenant));
      space = spaceOver(options, tenant, store.forTenant(tenant), openArchive);
      spaces.set(tenant, space);
    }
    return space;
  };

  return {
    services: shared.main,
    choose(headers) {
      const space = spaceOf(headers);
      const [name] = headers.get(storeHeader);
      if (name === undefined) return space.main;
      if (name === archiveName) return space.archive();
      throw noStore(String(name));
    },
    httpSpace: (tenant) => spaceOfTenant(tenant).http,
    chooseArchive: async (headers) => spaceOf(headers).archive(),
  };
}

function spaceOver(
  options: BackendOptions,
  tenant: string | undefined,
  store: SpanStore,
  openStoreOfArchive: (() => Promise<SpanStore>) | undefined,
): Space {
  const { declareStreaming, metrics, deadLetters, limits, rateOf, maxClockSkewMs } = options;
  const backend = (
    role: Destination["store"],
    unlimited: SpanStore,
    openArchive: (() => Promise<ArchiveMethods>) | undefined,
    archive: (() => Promise<SpanStore>) | undefined,
  ): Backend => {
    const shown =
      role === "main" ? options.arrivals.tap(options.watched(unlimited, tenant), tenant) : unlimited;
    const over = limitedStore(shown, limits);
    const letters = deadLetters({ tenant, store: role });
    const v1 = storageV1(over, openArchive, declareStreaming, metrics, letters);
    const stores = { store: over, archive, maxClockSkewMs };
    const services = {
      ...storageV2(over, metrics, letters),
      ...v1.services,
      "jaeger.api_v2.QueryService": queryServiceV2(stores),
      "jaeger.api_v3.QueryService": queryServiceV3(stores),
      "spanstore.metrics.v1.MetricsReader": metricsReader(over),
    };
    const rate = rateOf(tenant);
    const write = exportTraces(over, metrics, letters);
    return {
      store: over,
      write: async (request, signal) => {
        rate?.take(request.length);
        return write(request, signal);
      },
      services: rated(services, rate),
      asArchive: v1.asArchive,
    };
  };

  let archiveBackend: Backend | undefined;
  const openArchive =
    openStoreOfArchive &&
    (async (): Promise<Backend> => {
      const opened = await openStoreOfArchive();
      // Archive calls on the archive use the archive itself.
      archiveBackend ??= backend(
        "archive",
        opened,
        async () => (archiveBackend as Backend).asArchive,
        undefined,
      );
      return archiveBackend;
    });

  const storeOfArchive = openArchive && (async () => (await openArchive()).store);
  const main = backend(
    "main",
    store,
    openArchive && (async () => (await openArchive()).asArchive),
    storeOfArchive,
  );
  return {
    http: {
      store: main.store,
      archive: storeOfArchive,
      write: main.write,
    },
    main: main.services,
    archive: async () => {
      if (openArchive === undefined) throw noStore(archiveName);
      return (await openArchive()).services;
    },
  };
}

function noStore(name: string): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", `there is no store ${JSON.stringify(name)}`, {
    field: storeHeader,
    hint: `leave the header out for the main store, or say ${JSON.stringify(archiveName)}`,
  });
}
