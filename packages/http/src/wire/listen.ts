import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { SecureContextOptions } from "node:tls";
import type { Settings } from "../options.js";
import { jaegerError } from "./errors.js";

/** Certificates of a port. */
export interface HttpTls {
  /** The certificates in use now. */
  readonly context: SecureContextOptions;
  /** Whether clients must show a certificate. */
  readonly mutual?: boolean;
  /** Calls the listener with new certificates, for new connections. */
  readonly onChange?: (listener: (context: SecureContextOptions) => void) => void;
}

type Limits = Pick<Settings, "maxHeaderBytes" | "arrivalMs" | "idleMs" | "maxConnections" | "connections">;

/** Creates a server with bounds on the number of connections and on their waiting times. */
export function createHttpServer(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  { maxHeaderBytes, arrivalMs, idleMs, maxConnections, connections }: Limits,
  tls: HttpTls | undefined,
): Server {
  const options = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: arrivalMs,
    // Longer than a body may take: `readBody` ends a late one first, with an answer in the client's form.
    requestTimeout: 2 * arrivalMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: Math.min(30_000, Math.max(50, arrivalMs / 4)),
    noDelay: true,
  };
  const server =
    tls === undefined
      ? createServer(options, handler)
      : createSecureServer(
          {
            ...options,
            ...tls.context,
            requestCert: tls.mutual ?? false,
            rejectUnauthorized: tls.mutual ?? false,
          },
          handler,
        );
  if ("setSecureContext" in server) tls?.onChange?.((context) => server.setSecureContext(context));
  server.maxConnections = maxConnections;
  const port = connections?.();
  if (port !== undefined) {
    server.on("connection", (socket) => port.admit(socket));
    server.on("request", (request, response) => response.once("close", port.use(request.socket)));
  }
  server.on("clientError", (error, socket) => {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    const status = statuses[(error as NodeJS.ErrnoException).code ?? ""] ?? "400 Bad Request";
    const message = status.slice(status.indexOf(" ") + 1).toLowerCase();
    const body = jaegerError({ status: Number.parseInt(status, 10), message });
    socket.end(
      [
        `HTTP/1.1 ${status}`,
        "Connection: close",
        "Content-Type: application/json",
        `Content-Length: ${body.length}`,
        "",
        body,
      ].join("\r\n"),
    );
  });
  return server;
}

const statuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

/** @returns the address with the port that was opened. */
export async function openPort(server: Server, { host, port }: HttpAddress): Promise<HttpAddress> {
  server.listen(port, host);
  await once(server, "listening");
  const bound = server.address();
  return { host, port: typeof bound === "object" && bound !== null ? bound.port : port };
}
