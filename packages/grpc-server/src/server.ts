import { setMaxListeners } from "node:events";
import { Server } from "@grpc/grpc-js";
import { type SpanStore, SpanStoreError } from "@spanstore/core";
import { type Logger, pino } from "pino";
import { createAdminServer } from "./admin/admin-server.js";
import { createAdmission } from "./admission.js";
import { createArchive } from "./archive.js";
import { createBackends } from "./backends.js";
import { createDeadLetters } from "./dead-letters.js";
import { registerHealth } from "./health.js";
import { type Address, formatAddress, listenGrpc, listenHttp, parseAddress } from "./listen.js";
import { createMetrics } from "./metrics.js";
import { observeCalls } from "./observe.js";
import { createReadinessCheck, type ReadinessCheck } from "./readiness.js";
import { registerReflection } from "./reflection.js";
import { registerServices } from "./services.js";
import { createTenantOf, type TenancyOptions } from "./tenancy.js";

export interface ServerOptions {
  /** What is served. It stays the caller's: `close` does not close it. */
  readonly store: SpanStore;
  /** HOST:PORT for gRPC, port 0 for any free one. Default: 127.0.0.1:17271. */
  readonly listen?: string;
  /**
   * Opens the second store, that of traces which somebody archives; asked when it is first used. The server closes
   * it. Default: there is none, and archiving fails with UNIMPLEMENTED.
   */
  readonly openArchive?: () => Promise<SpanStore>;
  /**
   * HOST:PORT where the archive is served in place of the store, port 0 for any free one. Default: nowhere, so that
   * it is reached by storage.v1's archive services and by the header `spanstore-store: archive`.
   */
  readonly archiveListen?: string;
  /**
   * Whether storage.v1 says that it takes streams of spans, so that Jaeger up to 1.65 writes by them: faster, but
   * without waiting until a span is durable. Later ones lose spans then. Default: false; the streams are served either way.
   */
  readonly declareStreaming?: boolean;
  /** Gives each tenant a store of its own. Default: all calls are served from the one store. */
  readonly tenancy?: TenancyOptions;
  /** HOST:PORT for the admin server, port 0 for any free one. Default: no admin server. */
  readonly admin?: string;
  /** Whether POST /purge on the admin server empties the store. Default: false. */
  readonly allowPurge?: boolean;
  /** The largest request taken, decompressed. Default: 64 MiB. */
  readonly maxReceiveMessageBytes?: number;
  /** Requests to write, of all callers together, that are not durable yet; more are refused. Default: 128 MiB. */
  readonly maxWaitingBytes?: number;
  /** How long `close` waits for calls in flight before it ends them. Default: 10 s. */
  readonly shutdownGraceMs?: number;
  /** Default: silence. */
  readonly logger?: Logger;
  /** Whether /metrics shows memory, CPU and event loop of the process. Default: false. */
  readonly processMetrics?: boolean;
}

export interface RunningServer {
  /** HOST:PORT of gRPC, with the port that was opened. */
  readonly address: string;
  /** HOST:PORT of gRPC over the archive, if there is one. */
  readonly archiveAddress: string | undefined;
  /** HOST:PORT of the admin server, if there is one. */
  readonly adminAddress: string | undefined;
  /** Stops accepting calls, waits for those in flight, then closes the ports. Again is no error. */
  close(): Promise<void>;
}

/**
 * Serves a store over gRPC: OTLP's TraceService, jaeger.storage.v2 and v1, health and reflection.
 * @throws INVALID_OPTIONS for an address that is none; ListenError when a port cannot be opened.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { store, openArchive, shutdownGraceMs = 10_000 } = options;
  const grpcWanted = addressOption(options.listen ?? "127.0.0.1:17271", "listen");
  const archiveWanted =
    options.archiveListen === undefined ? undefined : addressOption(options.archiveListen, "archiveListen");
  const adminWanted = options.admin === undefined ? undefined : addressOption(options.admin, "admin");
  if (archiveWanted !== undefined && openArchive === undefined) {
    throw new SpanStoreError("INVALID_OPTIONS", "there is no archive to serve", { field: "archiveListen" });
  }
  const log = options.logger ?? pino({ level: "silent" });
  const archive = openArchive === undefined ? undefined : createArchive(openArchive);
  const metrics = createMetrics(store, archive, options.processMetrics ?? false);
  const { tenancy } = options;
  const backends = createBackends({
    store,
    archive,
    tenantOf: tenancy && createTenantOf(tenancy),
    declareStreaming: options.declareStreaming ?? false,
    admission: createAdmission(options.maxWaitingBytes ?? 128 * 1024 * 1024, metrics.writesWaiting),
    metrics,
    deadLetters: createDeadLetters(metrics, log),
  });
  const draining = new AbortController();
  // Every open upload listens.
  setMaxListeners(0, draining.signal);

  const serve = (choose: Parameters<typeof registerServices>[2], readiness: ReadinessCheck): GrpcService => {
    const server = createGrpcServer(options.maxReceiveMessageBytes, metrics.callFinished);
    registerServices(server, backends.services, choose, log, draining.signal);
    const health = registerHealth(server, Object.keys(backends.services), readiness);
    registerReflection(server);
    return {
      server,
      drain() {
        readiness.drain();
        health.drain();
      },
    };
  };
  const readiness = createReadinessCheck(store);
  const main = serve(backends.choose, readiness);
  const second =
    archive &&
    archiveWanted &&
    serve(
      backends.chooseArchive,
      createReadinessCheck({ health: async () => (await archive.open()).health() }),
    );
  const services = [main, ...(second === undefined ? [] : [second])];
  const admin = createAdminServer({
    store,
    archive,
    readiness,
    metrics,
    allowPurge: options.allowPurge ?? false,
    tenantOf: tenancy && createTenantOf({ ...tenancy, required: false }),
    log,
  });

  const bound: { grpc?: Address; archive?: Address; admin?: Address } = {};
  try {
    if (adminWanted !== undefined) bound.admin = await listenHttp(admin, adminWanted);
    if (second && archiveWanted) bound.archive = await listenGrpc(second.server, archiveWanted);
    bound.grpc = await listenGrpc(main.server, grpcWanted);
  } catch (error) {
    admin.close();
    second?.server.forceShutdown();
    throw error;
  }

  const shutDown = async () => {
    for (const { drain } of services) drain();
    draining.abort();
    const all = await Promise.all(services.map(({ server }) => drained(server, shutdownGraceMs)));
    if (all.includes(false)) {
      log.warn({ graceMs: shutdownGraceMs }, "calls were still in flight after the grace time; ended them");
    }
    await new Promise<void>((resolve) => {
      if (bound.admin === undefined) resolve();
      else admin.close(() => resolve());
      admin.closeAllConnections();
    });
    await archive?.close();
  };
  let closing: Promise<void> | undefined;
  return {
    address: formatAddress(bound.grpc),
    archiveAddress: bound.archive && formatAddress(bound.archive),
    adminAddress: bound.admin && formatAddress(bound.admin),
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
}

interface GrpcService {
  readonly server: Server;
  /** Says that it goes down to whoever asks. */
  drain(): void;
}

function createGrpcServer(
  maxReceiveMessageBytes = 64 * 1024 * 1024,
  callFinished: Parameters<typeof observeCalls>[0],
): Server {
  return new Server({
    "grpc.max_receive_message_length": maxReceiveMessageBytes,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": 1000,
    // Reads carry no deadline: only a ping finds out that their client is gone.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.enable_channelz": 0,
    interceptors: [observeCalls(callFinished)],
  });
}

/** Whether every call in flight came to its end within the grace time; ends those that did not. */
function drained(server: Server, graceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
      server.forceShutdown();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function addressOption(text: string, field: string): Address {
  const address = parseAddress(text);
  if (address === undefined) {
    throw new SpanStoreError("INVALID_OPTIONS", `is no HOST:PORT: ${JSON.stringify(text)}`, { field });
  }
  return address;
}
