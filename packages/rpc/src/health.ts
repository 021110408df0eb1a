import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Server,
  type ServerWritableStream,
  status,
} from "@grpc/grpc-js";
import { service as healthService } from "grpc-health-check";

/** Whether the program can serve now. */
export interface HealthSource {
  ask(): Promise<{ readonly ready: boolean }>;
}

interface HealthCheckRequest {
  readonly service: string;
}

type ServingStatus = "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";

interface HealthCheckResponse {
  readonly status: ServingStatus;
}

type Watcher = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

export interface Health {
  /** Sends NOT_SERVING to every watcher, and ends their streams. */
  drain(): void;
}

/** The interval of health checks while a client watches. */
const watchIntervalMs = 5000;

/**
 * Adds grpc.health.v1.Health.
 * @param services the names that clients may ask about; all have the status of the source.
 */
export function registerHealth(server: Server, services: readonly string[], source: HealthSource): Health {
  // "" is the server as a whole.
  const names = new Set(["", ...services]);
  /** The last status sent to each watcher. */
  const watchers = new Map<Watcher, ServingStatus | undefined>();
  let timer: NodeJS.Timeout | undefined;

  const serving = async () => ((await source.ask()).ready ? "SERVING" : "NOT_SERVING");

  const tell = (watcher: Watcher, now: ServingStatus) => {
    const last = watchers.get(watcher);
    if (last === now || last === "SERVICE_UNKNOWN") return;
    watchers.set(watcher, now);
    watcher.write({ status: now });
  };

  const tellAll = async () => {
    const now = await serving();
    for (const watcher of watchers.keys()) tell(watcher, now);
  };

  const check: handleUnaryCall<HealthCheckRequest, HealthCheckResponse> = (call, respond) => {
    if (names.has(call.request.service)) {
      void serving().then((now) => respond(null, { status: now }));
    } else {
      respond({ code: status.NOT_FOUND, details: "unknown service" });
    }
  };

  const watch: handleServerStreamingCall<HealthCheckRequest, HealthCheckResponse> = (call) => {
    watchers.set(call, undefined);
    call.on("cancelled", () => {
      watchers.delete(call);
      if (watchers.size === 0) clearInterval(timer);
    });
    if (watchers.size === 1) timer = setInterval(() => void tellAll(), watchIntervalMs).unref();
    if (names.has(call.request.service)) void tellAll();
    // The protocol keeps this stream open, since a service may appear later.
    else tell(call, "SERVICE_UNKNOWN");
  };

  const list: handleUnaryCall<object, { statuses: Record<string, HealthCheckResponse> }> = (
    _call,
    respond,
  ) => {
    void serving().then((now) => {
      const statuses = Object.fromEntries([...names].map((name) => [name, { status: now }] as const));
      respond(null, { statuses });
    });
  };

  server.addService(healthService, { check, watch, list });
  return {
    drain() {
      clearInterval(timer);
      for (const watcher of watchers.keys()) {
        tell(watcher, "NOT_SERVING");
        watcher.end();
      }
    },
  };
}
