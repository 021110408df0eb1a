import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as open,
  type RequestListener,
  type Server,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

/** A gateway between a store and a real server. */
export interface Gateway {
  readonly url: string;
  /** Closes the gateway and its connections. */
  readonly close: () => Promise<void>;
}

export interface GatewayOptions {
  /** Serves TLS with this key and certificate, PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Answers in place of the server; undefined forwards the request. */
  readonly refuse?: (request: IncomingMessage) => Refusal | undefined;
  /** Called with every request; the answer goes out when it resolves. */
  readonly hold?: (request: IncomingMessage) => Promise<void>;
}

export interface Refusal {
  readonly status: number;
  readonly type?: string;
  /** Whether the answer has Elasticsearch's product header. */
  readonly isElasticsearch?: boolean;
  readonly body: string;
}

/** Starts a gateway that forwards requests to a server. */
export async function startGateway(
  target: string,
  { tls, refuse, hold }: GatewayOptions = {},
): Promise<Gateway> {
  const { hostname, port } = new URL(target);
  const agent = new Agent({ keepAlive: true });
  const listener: RequestListener = (request, response) => {
    const refusal = refuse?.(request);
    if (refusal !== undefined) {
      request.resume();
      response.writeHead(refusal.status, {
        "content-type": refusal.type ?? "application/json",
        ...(refusal.isElasticsearch && { "x-elastic-product": "Elasticsearch" }),
      });
      response.end(refusal.body);
      return;
    }
    const { method, url: path, headers } = request;
    const onward = open({ hostname, port, method, path, headers, agent }, (answer) => {
      const pass = async (): Promise<void> => {
        await hold?.(request);
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      };
      pass().catch(() => response.destroy());
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://localhost:${address.port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

/** The answer of Elasticsearch to a request that it does not let in. */
export function securityRefusal(status: 401 | 403, reason: string): Refusal {
  const error = { type: "security_exception", reason };
  return { status, body: JSON.stringify({ error: { root_cause: [error], ...error }, status }) };
}
