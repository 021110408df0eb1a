import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { defaultTenantHeader } from "@spanstore/client/wire";
import { SpanStoreError } from "@spanstore/core";
import { createArrivals } from "@spanstore/http";
import {
  type Address,
  formatAddress,
  type GrpcPort,
  listenGrpc,
  listenHttp,
  serverCredentials,
  wireCalls,
} from "@spanstore/rpc";
import { pino } from "pino";
import { createAdminServer } from "./admin/admin-server.js";
import { createGrpcService, type GrpcService, type GrpcServiceOptions } from "./grpc-service.js";
import { createAbout } from "./http/about.js";
import { createHttpService } from "./http/http-service.js";
import { createLimits } from "./limits/limits.js";
import { mebibyte } from "./limits/memory-bound.js";
import { createRateLimits } from "./limits/rate-limits.js";
import { createArchive } from "./routing/archive.js";
import { createBackends } from "./routing/backends.js";
import { createTenantOf } from "./routing/tenancy.js";
import { guardCalls } from "./security/guard-calls.js";
import { openSecurity } from "./security/security.js";
import type { AllInOneAddresses, ServerOptions } from "./server-options.js";
import { openDeadLetterFile } from "./upkeep/dead-letter-file.js";
import { createDeadLetters } from "./upkeep/dead-letters.js";
import { createHttpMetrics } from "./upkeep/http-metrics.js";
import { createMetrics } from "./upkeep/metrics.js";
import { createReadinessCheck } from "./upkeep/readiness.js";
import { startRetention } from "./upkeep/retention.js";
import { watchReadiness } from "./upkeep/watch-readiness.js";
import { openWatches } from "./upkeep/watches.js";
import { wantedPorts } from "./wanted-ports.js";

export interface RunningServer {
  /** HOST:PORT of gRPC, with the actual port. */
  readonly address: string;
  /** HOST:PORT of gRPC over the archive, if there is one. */
  readonly archiveAddress: string | undefined;
  /** HOST:PORT of Jaeger's query API and OTLP over HTTP, if they are served. */
  readonly httpAddress: string | undefined;
  /** HOST:PORT of the ports of Jaeger's all-in-one, if they are open. */
  readonly allInOne: AllInOneAddresses | undefined;
  /** HOST:PORT of the admin server, if there is one. */
  readonly adminAddress: string | undefined;
  /**
   * Reads the files of certificates, tokens and watches again before their next interval, and opens the file of dead letters
   * again. An invalid file changes nothing.
   */
  reload(): Promise<void>;
  /** Refuses new calls, waits for calls in flight, then closes the ports. A second call is no error. */
  close(): Promise<void>;
}

/**
 * Serves a store over gRPC with OTLP's TraceService, jaeger.storage.v2 and v1, health and reflection; with `httpListen` also
 * over HTTP with the page, Jaeger's query API and OTLP.
 * @throws INVALID_OPTIONS for a malformed address, certificate or token; ListenError when a port cannot be opened.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { store, openArchive, tenancy, shutdownGraceMs = 10_000 } = options;
  const wanted = wantedPorts(options);
  if (wanted.archive !== undefined && openArchive === undefined) {
    throw new SpanStoreError("INVALID_OPTIONS", "there is no archive to serve", { field: "archiveListen" });
  }
  const log = options.logger ?? pino({ level: "silent" });
  const archive = openArchive === undefined ? undefined : createArchive(openArchive);
  const metrics = createMetrics(store, archive, options.processMetrics ?? false);
  const tenantOf = tenancy && createTenantOf(tenancy);
  const security = await openSecurity(options, metrics, log);
  const letters =
    options.deadLetters &&
    (await openDeadLetterFile({
      ...options.deadLetters,
      failed: (error, lost) => {
        metrics.deadLettersLost(lost);
        if (lost > 0) log.error({ err: error, lost }, "dead letters are lost");
        else log.error({ err: error }, "dead letters cannot be written; they wait, and are tried again");
      },
    }).catch((error: unknown) => {
      security.stop();
      throw error;
    }));
  const limits = createLimits(options, tenantOf, metrics.refused);
  metrics.watch(limits.taken);
  const arrivals = createArrivals();
  const watches = await openWatches(options.watches, {
    storeOf: (tenant) => (tenant === undefined ? store : store.forTenant(tenant)),
    registry: metrics.registry,
    log,
  }).catch(async (error: unknown) => {
    security.stop();
    await letters?.close();
    throw error;
  });
  const backends = createBackends({
    watched: watches.tap,
    arrivals,
    store,
    archive,
    tenantOf,
    declareStreaming: options.declareStreaming ?? false,
    metrics,
    deadLetters: createDeadLetters(metrics, log, letters),
    limits: options.spanLimits,
    rateOf: createRateLimits(options.rates ?? { bytesPerSecond: undefined, ofTenants: [] }, () =>
      metrics.refused("rate"),
    ),
    maxClockSkewMs: options.maxClockSkewMs ?? 0,
  });
  const draining = new AbortController();
  // Every open upload adds a listener, without a bound.
  setMaxListeners(0, draining.signal);

  const { authorizer, tls } = security;
  const serve = (of: Pick<GrpcServiceOptions, "choose" | "readiness">): GrpcService =>
    createGrpcService({
      ...of,
      services: backends.services,
      interceptors: [
        wireCalls({ ...limits, finished: metrics.callFinished }),
        guardCalls({ authorizer, tenantOf, maxHeaderBytes: options.maxHeaderBytes ?? 16 * 1024 }),
      ],
      maxCallsPerConnection: options.maxCallsPerConnection ?? 1000,
      draining: draining.signal,
      log,
    });
  const http = createHttpService({
    spaceOf: backends.httpSpace,
    hasArchive: archive !== undefined,
    authorizer,
    tenantOf,
    tls,
    place: limits.place,
    call: limits.call,
    connections: limits.httpConnections,
    metrics: createHttpMetrics(metrics.registry),
    corsOrigins: options.corsOrigins ?? [],
    uiDir: options.uiDir,
    about: createAbout(options),
    listen: arrivals.listen,
    tenantHeader: tenancy && (tenancy.header ?? defaultTenantHeader).toLowerCase(),
    maxBodyBytes: options.maxReceiveMessageBytes ?? 64 * mebibyte,
    maxQueryBytes: options.maxQueryBytes ?? mebibyte,
    maxHeaderBytes: options.maxHeaderBytes ?? 16 * 1024,
    arrivalMs: options.arrivalMs ?? 60_000,
    maxClockSkewMs: options.maxClockSkewMs ?? 0,
    maxSpanSeries: options.maxSpanSeries ?? 2000,
    log,
  });
  const readiness = createReadinessCheck(store);
  const main = serve({ choose: backends.choose, readiness });
  const second =
    archive &&
    wanted.archive &&
    serve({
      choose: backends.chooseArchive,
      readiness: createReadinessCheck({ health: async () => (await archive.open()).health() }),
    });
  const services = [main, ...(second === undefined ? [] : [second])];
  const admin = createAdminServer({
    store,
    archive,
    readiness,
    metrics,
    allowPurge: options.allowPurge ?? false,
    tenantOf: tenancy && createTenantOf({ ...tenancy, required: false }),
    authorizer,
    tls: options.tls?.admin === false ? undefined : tls,
    connections: limits.adminConnections,
    log,
  });

  const ports: GrpcPort[] = [];
  const bound: { grpc?: Address; archive?: Address; admin?: Address; http?: Address } = {};
  let allInOne: AllInOneAddresses | undefined;
  try {
    const credentials = serverCredentials(tls);
    const open = async ({ server }: GrpcService, wanted: Address): Promise<Address> => {
      const port = await listenGrpc(server, wanted, credentials, limits.connections.admit);
      ports.push(port);
      return port.address;
    };
    if (wanted.admin !== undefined) bound.admin = await listenHttp(admin, wanted.admin);
    if (second && wanted.archive) bound.archive = await open(second, wanted.archive);
    bound.grpc = await open(main, wanted.grpc);
    if (wanted.http !== undefined) bound.http = await http.listen(wanted.http);
    if (wanted.allInOne !== undefined) {
      const { otlpGrpc, otlpHttp, query } = wanted.allInOne;
      allInOne = {
        otlpGrpc: formatAddress(await open(main, otlpGrpc)),
        otlpHttp: formatAddress(await http.listen(otlpHttp, "otlp")),
        query: formatAddress(await http.listen(query, "query")),
      };
    }
  } catch (error) {
    admin.close();
    for (const port of ports) void port.close();
    await http.stop(0);
    security.stop();
    await watches.close();
    await letters?.close();
    throw error;
  }
  watches.start(bound.http && linkOf(formatAddress(bound.http), tls !== undefined, options.uiDir));
  const stopWatching = watchReadiness(readiness, metrics, log);
  const retention =
    options.retention &&
    startRetention({ store, policy: options.retention, tenants: tenancy !== undefined, metrics, log });

  const shutDown = async () => {
    stopWatching();
    security.stop();
    for (const { drain } of services) drain();
    draining.abort();
    // grpc-js sends GOAWAY to its clients, and does not always wait for their calls.
    for (const { stop } of services) stop();
    const closed = Promise.all(ports.map((port) => port.close()));
    const all = await Promise.all([within(shutdownGraceMs, closed), http.stop(shutdownGraceMs)]);
    if (all.includes(false)) {
      log.warn({ graceMs: shutdownGraceMs }, "calls were still in flight after the grace time; ended them");
    }
    limits.connections.destroy();
    await new Promise<void>((resolve) => {
      if (bound.admin === undefined) resolve();
      else admin.close(() => resolve());
      admin.closeAllConnections();
    });
    await retention?.stop();
    await watches.close();
    await letters?.close();
    await archive?.close();
  };
  let closing: Promise<void> | undefined;
  return {
    address: formatAddress(bound.grpc),
    archiveAddress: bound.archive && formatAddress(bound.archive),
    httpAddress: bound.http && formatAddress(bound.http),
    allInOne,
    adminAddress: bound.admin && formatAddress(bound.admin),
    reload: async () => {
      letters?.reopen();
      await Promise.all([security.reload(), watches.reload()]);
    },
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
}

/** The link to a trace on the page, or in the files of Jaeger's UI. */
function linkOf(address: string, isSecure: boolean, uiDir: string | undefined): string {
  return `${isSecure ? "https" : "http"}://${address}${uiDir === undefined ? "/#" : ""}/trace/{traceId}`;
}

/** Whether the work ends within the time. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const late = new AbortController();
  const done = work.then(() => true);
  const over = delay(milliseconds, false, { signal: late.signal }).catch(() => false);
  try {
    return await Promise.race([done, over]);
  } finally {
    late.abort();
  }
}
