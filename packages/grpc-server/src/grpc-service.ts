import { Server, type ServerInterceptor } from "@grpc/grpc-js";
import { loadProtos, ownPaths, serviceOf } from "@spanstore/client/wire";
import { createReflection, registerHealth, registerServices, type ServicesOptions } from "@spanstore/rpc";
import type { ReadinessCheck } from "./upkeep/readiness.js";

export interface GrpcServiceOptions extends Required<Omit<ServicesOptions, "definitionOf">> {
  readonly readiness: ReadinessCheck;
  /** The first is nearest to the wire. */
  readonly interceptors: readonly ServerInterceptor[];
  /** The most calls of one connection at the same time. */
  readonly maxCallsPerConnection: number;
}

/** Created once: it is the same for every server, and reading all files is slow. */
let addReflection: ReturnType<typeof createReflection> | undefined;

/** A gRPC server with all services of one port. */
export interface GrpcService {
  readonly server: Server;
  /** Answers health checks with NOT_SERVING from now on. */
  drain(): void;
  /** Refuses new calls. Each connection closes when its last call is over. */
  stop(): void;
}

export function createGrpcService(options: GrpcServiceOptions): GrpcService {
  const { services, readiness } = options;
  const server = new Server({
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": options.maxCallsPerConnection,
    // Reads have no deadline, so only a ping detects that their client is gone.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.enable_channelz": 0,
    interceptors: [...options.interceptors],
  });
  registerServices(server, { ...options, definitionOf: serviceOf });
  // Jaeger also asks for the health of a writer, although OTLP's service is the writer.
  const names = [...Object.keys(services), "jaeger.storage.v2.TraceWriter"];
  const health = registerHealth(server, names, readiness);
  addReflection ??= createReflection((paths) => loadProtos([...ownPaths(), ...paths], { keepCase: true }));
  addReflection(server);
  return {
    server,
    drain() {
      readiness.drain();
      health.drain();
    },
    stop: () => server.tryShutdown(() => {}),
  };
}
