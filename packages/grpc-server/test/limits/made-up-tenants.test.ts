import { Agent, get } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { openMemoryStore } from "@spanstore/core";
import { expect, it, onTestFinished } from "vitest";
import { startServer } from "../../src/index.js";
import { createRateLimits } from "../../src/limits/rate-limits.js";

const mebibyte = 1024 * 1024;
const timeout = 120_000;

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

/** Calls for names 0 to `count` - 1, some at a time. */
async function each(count: number, call: (name: string) => Promise<unknown>): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await call(`made-up-${next++}`);
  };
  await Promise.all(Array.from({ length: 20 }, caller));
}

async function serveTenants() {
  const store = openMemoryStore();
  const archive = openMemoryStore();
  const server = await startServer({
    store,
    openArchive: async () => archive,
    listen: "127.0.0.1:0",
    httpListen: "127.0.0.1:0",
    tenancy: {},
    rates: { bytesPerSecond: mebibyte, ofTenants: [] },
  });
  onTestFinished(async () => {
    await server.close();
    await store.close();
  });
  return server;
}

it("5,000 made-up names of tenants over HTTP leave nothing behind", { timeout }, async () => {
  const { httpAddress } = await serveTenants();
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  onTestFinished(() => agent.destroy());
  const ask = (name: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const url = `http://${httpAddress}/api/services`;
      get(url, { agent, headers: { "x-tenant": name } }, (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode));
      }).on("error", reject);
    });
  await each(1000, (name) => ask(`first-${name}`));
  const before = heapBytes();
  await each(5000, async (name) => expect(await ask(name)).toBe(200));
  expect(heapBytes() - before).toBeLessThan(20 * mebibyte);
});

it("10,000 made-up names of tenants over gRPC leave nothing behind", { timeout }, async () => {
  const { address } = await serveTenants();
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const same = (bytes: Buffer): Buffer => bytes;
  const ask = (name: string, store: string): Promise<Buffer | undefined> => {
    const headers = new Metadata();
    headers.set("x-tenant", name);
    if (store !== "") headers.set("spanstore-store", store);
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        "/jaeger.storage.v2.TraceReader/GetServices",
        same,
        same,
        Buffer.alloc(0),
        headers,
        (error, answer) => (error ? reject(error) : resolve(answer)),
      );
    });
  };
  await each(1000, (name) => ask(`first-${name}`, "archive"));
  const before = heapBytes();
  await each(10_000, (name) => ask(name, name.endsWith("7") ? "archive" : ""));
  expect(heapBytes() - before).toBeLessThan(10 * mebibyte);
});

it("a tenant whose rate is there again is forgotten", () => {
  let now = 0;
  const rateOf = createRateLimits(
    { bytesPerSecond: 1000, ofTenants: [] },
    () => {},
    () => now,
  );
  const before = heapBytes();
  for (let n = 0; n < 100_000; n++) {
    rateOf(`tenant-${n}`)?.take(10);
    now += 1;
  }
  rateOf("greedy")?.take(5001);
  for (let n = 0; n < 1000; n++) rateOf(`other-${n}`)?.take(10);
  expect(() => rateOf("greedy")?.take(1)).toThrow(/more than 1000 bytes/);
  expect(heapBytes() - before).toBeLessThan(4 * mebibyte);
  now += 6000;
  rateOf("greedy")?.take(1);
});
