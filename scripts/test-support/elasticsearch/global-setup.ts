import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { locateElasticsearch } from "./locate.js";
import { type OwnServer, startServer } from "./server.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Address of who starts the Elasticsearch of this run. */
    elasticsearchStarter: string;
  }
}

let starter: Server | undefined;
let starting: Promise<OwnServer> | undefined;
let state: { readonly url: string } | { readonly error: string } | undefined;

/**
 * One Elasticsearch for all test files of a run, started when the first of them asks for it over HTTP: 202 while it
 * starts, 200 with its address, 500 with what went wrong.
 */
export async function setup(project: TestProject): Promise<void> {
  starter = createServer((_, response) => {
    start();
    if (state === undefined) response.writeHead(202).end();
    else if ("url" in state) response.end(state.url);
    else response.writeHead(500).end(state.error);
  });
  const listening = starter;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  project.provide("elasticsearchStarter", `http://127.0.0.1:${(listening.address() as AddressInfo).port}`);
}

function start(): void {
  if (starting !== undefined) return;
  const way = locateElasticsearch();
  starting =
    way === undefined || "url" in way
      ? Promise.reject(new Error("there is no Elasticsearch to start"))
      : startServer(way);
  starting.then(
    ({ url }) => {
      state = { url };
    },
    (error: unknown) => {
      state = { error: String(error) };
    },
  );
}

export async function teardown(): Promise<void> {
  starter?.close();
  starter?.closeAllConnections();
  const server = await starting?.catch(() => undefined);
  await server?.close();
}
