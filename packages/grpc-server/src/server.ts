import { Server } from "@grpc/grpc-js";
import { type SpanStore, SpanStoreError } from "@spanstore/core";
import { type Logger, pino } from "pino";
import { createAdminServer } from "./admin/admin-server.js";
import { registerHealth } from "./health.js";
import { type Address, formatAddress, listenGrpc, listenHttp, parseAddress } from "./listen.js";
import { createMetrics } from "./metrics.js";
import { observeCalls } from "./observe.js";
import { createReadinessCheck } from "./readiness.js";
import { registerReflection } from "./reflection.js";
import { registerStorage } from "./storage-v2/register.js";

export interface ServerOptions {
  /** What is served. It stays the caller's: `close` does not close it. */
  readonly store: SpanStore;
  /** HOST:PORT for gRPC, port 0 for any free one. Default: 127.0.0.1:17271. */
  readonly listen?: string;
  /** HOST:PORT for the admin server, port 0 for any free one. Default: no admin server. */
  readonly admin?: string;
  /** Whether POST /purge on the admin server empties the store. Default: false. */
  readonly allowPurge?: boolean;
  /** The largest request taken, decompressed. Default: 64 MiB. */
  readonly maxReceiveMessageBytes?: number;
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
  /** HOST:PORT of the admin server, if there is one. */
  readonly adminAddress: string | undefined;
  /** Stops accepting calls, waits for those in flight, then closes the ports. Again is no error. */
  close(): Promise<void>;
}

/**
 * Serves a store over gRPC: OTLP's TraceService, jaeger.storage.v2, health and reflection.
 * @throws INVALID_OPTIONS for an address that is none; ListenError when a port cannot be opened.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { store, maxReceiveMessageBytes = 64 * 1024 * 1024, shutdownGraceMs = 10_000 } = options;
  const grpcWanted = addressOption(options.listen ?? "127.0.0.1:17271", "listen");
  const adminWanted = options.admin === undefined ? undefined : addressOption(options.admin, "admin");
  const log = options.logger ?? pino({ level: "silent" });
  const metrics = createMetrics(store, options.processMetrics ?? false);
  const readiness = createReadinessCheck(store);

  const grpc = new Server({
    "grpc.max_receive_message_length": maxReceiveMessageBytes,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": 1000,
    // Reads carry no deadline: only a ping finds out that their client is gone.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.enable_channelz": 0,
    interceptors: [observeCalls(metrics.callFinished)],
  });
  registerStorage(grpc, store, metrics, log);
  const health = registerHealth(grpc, readiness);
  registerReflection(grpc);
  const admin = createAdminServer({
    store,
    readiness,
    metrics,
    allowPurge: options.allowPurge ?? false,
    log,
  });

  const adminBound = adminWanted === undefined ? undefined : await listenHttp(admin, adminWanted);
  let bound: Address;
  try {
    bound = await listenGrpc(grpc, grpcWanted);
  } catch (error) {
    admin.close();
    throw error;
  }

  const shutDown = async () => {
    readiness.drain();
    health.drain();
    if (!(await drained(grpc, shutdownGraceMs))) {
      log.warn({ graceMs: shutdownGraceMs }, "calls were still in flight after the grace time; ended them");
    }
    await new Promise<void>((resolve) => {
      if (adminBound === undefined) resolve();
      else admin.close(() => resolve());
      admin.closeAllConnections();
    });
  };
  let closing: Promise<void> | undefined;
  return {
    address: formatAddress(bound),
    adminAddress: adminBound === undefined ? undefined : formatAddress(adminBound),
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
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
