import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { TLSSocket } from "node:tls";
import { isSpanStoreError } from "@spanstore/core";
import { type Connections, peerOf } from "@spanstore/rpc";
import { type Headers, headersOverHttp } from "../routing/tenancy.js";
import type { Authorizer } from "../security/authorizer.js";
import type { TlsSource } from "../security/tls-source.js";
import { type Answer, createRoutes, type Route, type RouteOptions } from "./routes.js";

export interface AdminOptions extends RouteOptions {
  readonly connections: Connections;
  /** Undefined: every caller may do everything. */
  readonly authorizer: Authorizer | undefined;
  /** Undefined: plain HTTP. */
  readonly tls: TlsSource | undefined;
}

/** Creates the HTTP server for operators, over TLS when there is a certificate. */
export function createAdminServer(options: AdminOptions): Server {
  const routes = createRoutes(options);
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    response.once("close", options.connections.use(peerOf(request.socket)));
    request.resume();
    try {
      write(request, response, await route(routes, request, options));
    } catch (error) {
      const answer = failure(error);
      if (answer.status >= 500)
        options.log.error({ err: error, path: pathOf(request) }, "an admin request failed");
      write(request, response, answer);
    }
  };
  const server = createServer(options.tls, (request, response) => {
    void respond(request, response);
  });
  server.on("connection", (socket) => void options.connections.admit(socket));
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    else socket.destroy();
  });
  return server;
}

const settings = { requestTimeout: 30_000 };

function createServer(
  tls: TlsSource | undefined,
  respond: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  if (tls === undefined) return createHttpServer(settings, respond);
  // Probes have no certificate, so each request is checked and not the connection.
  const certificates = { requestCert: tls.mutual, rejectUnauthorized: false };
  const server = createHttpsServer({ ...settings, ...certificates, ...tls.current() }, respond);
  tls.onChange((context) => server.setSecureContext(context));
  return server;
}

async function route(
  routes: ReadonlyMap<string, Route>,
  request: IncomingMessage,
  { authorizer, tls, tenantOf }: AdminOptions,
): Promise<Answer> {
  const path = pathOf(request);
  const found = routes.get(path);
  if (found === undefined) {
    return { status: 404, body: `nothing here; there is ${[...routes.keys()].join(", ")}\n` };
  }
  if (found.need !== "nothing" && tls?.mutual && !hasCertificate(request)) {
    return { status: 403, body: "the client shows no certificate of an authority that is trusted here\n" };
  }
  const headers = headersOf(request);
  const grant = authorizer?.authorize(headers("authorization").map(String), found.need);
  if (grant?.tenants !== undefined) authorizer?.checkTenant(grant, tenantOf?.(headers));
  if (!found.methods.includes(request.method ?? "")) {
    const allow = found.methods.join(", ");
    return { status: 405, body: `${path} takes ${allow}\n`, headers: { allow } };
  }
  return found.answer(new URLSearchParams((request.url ?? "").slice(path.length + 1)), headers);
}

function hasCertificate({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket && socket.authorized;
}

function pathOf({ url = "" }: IncomingMessage): string {
  return url.split("?", 1)[0] ?? "";
}

function failure(error: unknown): Answer {
  if (!isSpanStoreError(error)) return { status: 500, body: "internal error\n" };
  const body = `${error.message}\n`;
  switch (error.code) {
    case "STORE_UNAVAILABLE":
      return { status: 503, body: `the store is unavailable: ${body}` };
    case "INVALID_QUERY":
      return { status: 400, body };
    case "UNAUTHENTICATED":
      return { status: 401, body, headers: { "www-authenticate": "Bearer" } };
    case "PERMISSION_DENIED":
      return { status: 403, body };
    default:
      return { status: 500, body: "internal error\n" };
  }
}

function headersOf(request: IncomingMessage): Headers {
  return headersOverHttp((name) => [request.headers[name] ?? []].flat());
}

function write(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, {
    "content-type": answer.contentType ?? "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(answer.body),
    "cache-control": "no-store",
    ...answer.headers,
  });
  response.end(request.method === "HEAD" ? undefined : answer.body);
}
