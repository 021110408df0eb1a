import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { SpanStore } from "@spanstore/core";
import type { Logger } from "pino";
import type { Metrics } from "../metrics.js";
import type { ReadinessCheck } from "../readiness.js";

export interface AdminOptions {
  readonly store: SpanStore;
  readonly readiness: ReadinessCheck;
  readonly metrics: Metrics;
  readonly allowPurge: boolean;
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
  answer(): Promise<Answer>;
}

/** The HTTP server for operators: `/healthz`, `/readyz`, `/metrics` and `/purge`. */
export function createAdminServer(options: AdminOptions): Server {
  const routes = routesOf(options);
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    try {
      write(request, response, await route(routes, request));
    } catch (error) {
      options.log.error({ err: error, path: request.url }, "an admin request failed");
      write(request, response, { status: 500, body: "internal error\n" });
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

function routesOf({ store, readiness, metrics, allowPurge, log }: AdminOptions): Map<string, Route> {
  const read = ["GET", "HEAD"];
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
        async answer() {
          if (!allowPurge)
            return { status: 403, body: "purging is off; start the server with --allow-purge\n" };
          await store.purge();
          log.warn("the store was purged");
          return { status: 200, body: "purged\n" };
        },
      },
    ],
  ]);
}

async function route(routes: Map<string, Route>, request: IncomingMessage): Promise<Answer> {
  const [path = ""] = (request.url ?? "").split("?");
  const found = routes.get(path);
  if (found === undefined) {
    return { status: 404, body: `nothing here; there is ${[...routes.keys()].join(", ")}\n` };
  }
  if (!found.methods.includes(request.method ?? "")) {
    const allow = found.methods.join(", ");
    return { status: 405, body: `${path} takes ${allow}\n`, allow };
  }
  return found.answer();
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
