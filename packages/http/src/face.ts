import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { SpanStore } from "@spanstore/core";
import { aboutRoute } from "./beyond/about.js";
import { attributeRoutes } from "./beyond/attributes.js";
import { liveRoute } from "./beyond/live.js";
import { searchRoutes } from "./beyond/search.js";
import { metricRoutes } from "./metrics/jaeger/routes.js";
import { prometheusRoutes } from "./metrics/prometheus/routes.js";
import { scrapeRoute } from "./metrics/scrape/routes.js";
import { type HttpFaceOptions, settingsOf } from "./options.js";
import { exportRoute } from "./otlp/export.js";
import { createPage } from "./page/page.js";
import { archiveRoute } from "./query/archive.js";
import { dependencyRoute } from "./query/dependencies.js";
import { nameRoutes } from "./query/names.js";
import { traceRoutes } from "./query/traces.js";
import { transformRoute } from "./query/transform.js";
import { v3Routes } from "./query-v3/routes.js";
import { createApp } from "./wire/app.js";
import { createHttpServer, type HttpAddress, type HttpTls, openPort } from "./wire/listen.js";

/** A store over HTTP. */
export interface HttpFace {
  /** A request listener for Node's `http` and `https` servers. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  /**
   * Opens a port.
   * @returns the address with the port that was opened.
   * @throws the system's error when the port cannot be opened.
   */
  listen(options?: ListenOptions): Promise<HttpAddress>;
  /** Closes its ports: refuses new connections and waits for answers under way. A second call is no error. */
  close(): Promise<void>;
  /** Ends the connections that `close` still waits for. */
  destroy(): void;
}

export interface ListenOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: 0, any free one. */
  readonly port?: number;
  /** Default: plain HTTP. */
  readonly tls?: HttpTls;
}

const queryRoutes = [
  ...nameRoutes,
  ...traceRoutes,
  archiveRoute,
  dependencyRoute,
  transformRoute,
  ...metricRoutes,
  ...prometheusRoutes,
  scrapeRoute,
  ...v3Routes,
  ...searchRoutes,
  ...attributeRoutes,
  aboutRoute,
  liveRoute,
];

/**
 * Jaeger's query API, OTLP/HTTP and the page over a store. The store stays the caller's: `close` does not close it.
 * @throws INVALID_OPTIONS when `uiDir` has no files of Jaeger's UI.
 */
export function createHttpFace(store: SpanStore, options: HttpFaceOptions = {}): HttpFace {
  const closingSoon = new AbortController();
  const settings = settingsOf(store, options, closingSoon.signal);
  const routes = [
    ...(settings.serve.includes("query") ? queryRoutes : []),
    ...(settings.serve.includes("otlp") ? [exportRoute] : []),
  ];
  const page = settings.serve.includes("page")
    ? createPage({ ...settings, hasArchive: settings.archiveOf !== undefined })
    : undefined;
  const app = createApp(routes, settings, page);
  const isReady = app.ready();
  const servers: Server[] = [];
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    // close() ends idle connections alone; those of answers under way become idle later.
    response.once("close", () => {
      if (closing !== undefined) closeIdle();
    });
    void isReady.then(() => app.routing(request, response));
  };
  const closeIdle = (): void => {
    for (const server of servers) server.closeIdleConnections();
  };
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    closingSoon.abort();
    await Promise.all(
      servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            // It closes idle connections too.
            server.close(() => resolve());
          }),
      ),
    );
    await app.close();
  };
  return {
    handler,
    async listen({ host = "127.0.0.1", port = 0, tls } = {}) {
      await isReady;
      const server = createHttpServer(handler, settings, tls);
      const address = await openPort(server, { host, port });
      servers.push(server);
      return address;
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
    destroy() {
      for (const server of servers) server.closeAllConnections();
    },
  };
}
