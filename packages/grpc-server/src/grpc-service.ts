import { Server, type ServerInterceptor } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { registerReflection } from "./rpc/reflection.js";
import { registerServices, type Services } from "./rpc/services.js";
import { registerHealth } from "./upkeep/health.js";
import type { ReadinessCheck } from "./upkeep/readiness.js";

export interface GrpcServiceOptions {
  readonly services: Services;
  readonly choose: Parameters<typeof registerServices>[2];
  readonly readiness: ReadinessCheck;
  /** The first is nearest to the wire. */
  readonly interceptors: readonly ServerInterceptor[];
  /** Calls of one connection at the same time. */
  readonly maxCallsPerConnection: number;
  /** Fires when the server goes down. */
  readonly draining: AbortSignal;
  readonly log: Logger;
}

/** A gRPC server with everything that is served on one port. */
export interface GrpcService {
  readonly server: Server;
  /** Answers health checks with NOT_SERVING from now on. */
  drain(): void;
  /** Takes no more calls, and has each connection close when the last of its calls is over. */
  stop(): void;
}

export function createGrpcService(options: GrpcServiceOptions): GrpcService {
  const { services, choose, readiness, draining, log } = options;
  const server = new Server({
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": options.maxCallsPerConnection,
    // Reads carry no deadline: only a ping finds out that their client is gone.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.enable_channelz": 0,
    interceptors: [...options.interceptors],
  });
  registerServices(server, services, choose, log, draining);
  const health = registerHealth(server, Object.keys(services), readiness);
  registerReflection(server);
  return {
    server,
    drain() {
      readiness.drain();
      health.drain();
    },
    stop: () => server.tryShutdown(() => {}),
  };
}
