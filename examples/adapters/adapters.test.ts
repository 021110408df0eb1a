import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { freshPrefix } from "../../packages/manticore/test/searchd.js";
import {
  cleanUp,
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix as freshIndexPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../scripts/test-support/elasticsearch/elasticsearch.js";
import { describeWithPeer } from "../../scripts/test-support/peers.js";
import { freePorts, startProgram, untilReady } from "../../scripts/test-support/processes.js";
import { type ExampleSearchd, startExampleSearchd } from "../manticore/example-searchd.js";
import { openStoreAt } from "./open-store.js";

const main = fileURLToPath(new URL("../dist/adapters.js", import.meta.url));

/** The program writes, searches and ends; what it had is there for the library, and nothing is doubled by a repetition. */
async function serviceOn(address: string, prefix?: string): Promise<void> {
  const [port] = await freePorts(1);
  const flags = [
    `--store=${address}`,
    `--port=${port}`,
    ...(prefix === undefined ? [] : [`--prefix=${prefix}`]),
  ];
  const program = startProgram([process.execPath, main], flags);
  onTestFinished(async () => void (await program.stop()));
  const url = `http://127.0.0.1:${port}`;
  await untilReady(`${url}/orders/1`, program);
  expect((await fetch(`${url}/orders/9`)).status).toBe(404);
  const errors = await (await fetch(`${url}/debug/errors`)).json();
  expect(errors).toMatchObject([{ rootOperationName: "GET /orders/:id", spanCount: 2, errorSpanCount: 1 }]);
  expect(await program.stop()).toBe(0);
  expect(program.output()).not.toContain("rror:");

  await using store = await openStoreAt(address, { prefix });
  expect(await store.getServices()).toEqual(["orders"]);
  const [trace] = (await store.findTraceIds({ service: "orders", attributes: { "order.id": "9" } })).traces;
  const chunks: Uint8Array[] = [];
  for await (const { encoded } of store.getTraces([trace?.traceId ?? ""])) chunks.push(encoded);
  await store.write(Buffer.concat(chunks));
  const summaries = [];
  for await (const chunk of store.findTraceSummaries({ attributes: { "order.id": "9" } })) {
    summaries.push(...chunk.summaries);
  }
  expect(summaries).toMatchObject([{ traceId: trace?.traceId, spanCount: 2 }]);
}

describe("the order service on SQLite", () => {
  it("writes, searches, and finds it again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "spanstore-adapters-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    await serviceOn(`sqlite:${join(folder, "orders.sqlite")}`);
  });

  it("knows no store by another scheme", async () => {
    await expect(openStoreAt("ftp://localhost")).rejects.toThrow("no store is called ftp:");
  });
});

describeWithPeer("manticore", "the order service on Manticore Search, by its address", (located) => {
  let searchd: ExampleSearchd;
  beforeAll(async () => {
    searchd = await startExampleSearchd(located);
  });
  afterAll(() => searchd.close());

  it("writes, searches, and finds it again", () => serviceOn(searchd.url, freshPrefix()));
});

describeWithElasticsearch("the order service on Elasticsearch", (way) => {
  const prefix = freshIndexPrefix();
  let elasticsearch: Elasticsearch;
  beforeAll(async () => {
    elasticsearch = await sharedElasticsearch(way);
  }, hookMillis);
  afterAll(() => cleanUp(way, elasticsearch, [prefix]));

  it("writes, searches, and finds it again", () => serviceOn(elasticsearch.url, prefix), 120_000);
});
