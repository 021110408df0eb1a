import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isSpanStoreError, type SpanStore } from "@spanstore/core";
import type { Logger } from "pino";
import type { Archive } from "../archive.js";
import type { Metrics } from "../metrics.js";
import type { ReadinessCheck } from "../readiness.js";
import type { Headers, TenantOf } from "../tenancy.js";

export interface AdminOptions {
  readonly store: SpanStore;
  readonly archive: Archive | undefined;
  readonly readiness: ReadinessCheck;
  readonly metrics: Metrics;
  readonly allowPurge: boolean;
  /** Whose store is purged; without it, and where a request names nobody, the one of all. */
  readonly tenantOf: TenantOf | undefined;
  readonly log: Logger;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly allow?: string;
}

interface Route {
  readonly methods: readonly string[];
  answer(parameters: URLSearchParams, headers: Headers): Promise<Answer>;
}

/** The HTTP server for operators: `/healthz`, `/readyz`, `/metrics`, `/purge` and `/delete-before`. */
export function createAdminServer(options: AdminOptions): Server {
  const routes = routesOf(options);
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    try {
      write(request, response, await route(routes, request));
    } catch (error) {
      options.log.error({ err: error, path: request.url }, "an admin request failed");
      write(request, response, failure(error));
    }
  };
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    void respond(request, response);
  });
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    else socket.destroy();
  });
  return server;
}

function routesOf(options: AdminOptions): Map<string, Route> {
  const { archive, readiness, metrics, allowPurge, log } = options;
  const read = ["GET", "HEAD"];
  const ofTenant = (store: SpanStore, headers: Headers): SpanStore => {
    const tenant = options.tenantOf?.(headers);
    return tenant === undefined ? store : store.forTenant(tenant);
  };
  return new Map<string, Route>([
    ["/healthz", { methods: read, answer: async () => ({ status: 200, body: "ok\n" }) }],
    [
      "/readyz",
      {
        methods: read,
        async answer() {
          const { ready, reason } = await readiness.ask();
          return ready ? { status: 200, body: "ready\n" } : { status: 503, body: `not ready: ${reason}\n` };
        },
      },
    ],
    [
      "/metrics",
      {
        methods: read,
        answer: async () => ({
          status: 200,
          body: await metrics.registry.metrics(),
          contentType: metrics.registry.contentType,
        }),
      },
    ],
    [
      "/purge",
      {
        methods: ["POST"],
        async answer(_parameters, headers) {
          if (!allowPurge) return purgingIsOff;
          await ofTenant(options.store, headers).purge();
          if (archive !== undefined) await ofTenant(await archive.open(), headers).purge();
          log.warn("the store was purged");
          return { status: 200, body: "purged\n" };
        },
      },
    ],
    [
      "/delete-before",
      {
        methods: ["POST"],
        async answer(parameters, headers) {
          if (!allowPurge) return purgingIsOff;
          const time = unixNanos(parameters.getAll("time"));
          if (time === undefined) {
            return { status: 400, body: `time: must be nanoseconds since 1970, 0 to ${latestTime}\n` };
          }
          await ofTenant(options.store, headers).deleteBefore(time);
          log.warn({ time: String(time) }, "spans that started earlier were deleted");
          return { status: 200, body: "deleted\n" };
        },
      },
    ],
  ]);
}

const purgingIsOff: Answer = {
  status: 403,
  body: "purging is off; start the server with --allow-purge\n",
};

/** Before it lies every time at which a span can start. */
const latestTime = 2n ** 64n;

/** The one time that is given, or undefined when it is none. */
function unixNanos(texts: readonly string[]): bigint | undefined {
  const [text = ""] = texts;
  if (texts.length !== 1 || !/^\d{1,20}$/.test(text)) return undefined;
  const time = BigInt(text);
  return time > latestTime ? undefined : time;
}

function failure(error: unknown): Answer {
  const code = isSpanStoreError(error) ? error.code : undefined;
  if (code === "STORE_UNAVAILABLE") {
    return { status: 503, body: `the store is unavailable: ${(error as Error).message}\n` };
  }
  if (code === "PERMISSION_DENIED") return { status: 403, body: `${(error as Error).message}\n` };
  return { status: 500, body: "internal error\n" };
}

async function route(routes: Map<string, Route>, request: IncomingMessage): Promise<Answer> {
  const [path = "", ...query] = (request.url ?? "").split("?");
  const found = routes.get(path);
  if (found === undefined) {
    return { status: 404, body: `nothing here; there is ${[...routes.keys()].join(", ")}\n` };
  }
  if (!found.methods.includes(request.method ?? "")) {
    const allow = found.methods.join(", ");
    return { status: 405, body: `${path} takes ${allow}\n`, allow };
  }
  return found.answer(new URLSearchParams(query.join("?")), headersOf(request));
}

/** Bytes are in base64, as gRPC writes them. */
function headersOf(request: IncomingMessage): Headers {
  return (name) => {
    const value = request.headers[name];
    const values = value === undefined ? [] : [value].flat();
    return name.endsWith("-bin") ? values.map((text) => Buffer.from(text, "base64")) : values;
  };
}

function write(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, {
    "content-type": answer.contentType ?? "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(answer.body),
    "cache-control": "no-store",
    ...(answer.allow === undefined ? {} : { allow: answer.allow }),
  });
  response.end(request.method === "HEAD" ? undefined : answer.body);
}
