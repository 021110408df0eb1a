import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { connectionsWithin, openFileLimit } from "@spanstore/rpc";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { freePorts, startProgram, until, untilReady } from "../../../../scripts/test-support/processes.js";
import {
  connect,
  errorOf,
  exportRequest,
  type Served,
  serve,
  spanId,
  storeWith,
  traceId,
} from "../harness.js";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const open = new Set<Socket>();
const calls = new Set<{ cancel(): void }>();
let served: Served | undefined;
afterEach(async () => {
  for (const socket of open) socket.destroy();
  open.clear();
  // The server waits for the calls in flight.
  for (const call of calls) call.cancel();
  calls.clear();
  await served?.stop();
  served = undefined;
});

/** A connection that says nothing. */
async function idle(address: string): Promise<Socket> {
  const [host, port] = address.split(":");
  const socket = connectTcp(Number(port), host);
  socket.on("error", () => {});
  socket.resume();
  open.add(socket);
  await once(socket, "connect");
  return socket;
}

const metric = async (name: string) => {
  const text = await (await fetch(`http://${served?.server.adminAddress}/metrics`)).text();
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.split(" ")[1],
  );
};

const waitUntil = (what: string, ask: () => Promise<boolean>) =>
  until(async () => ((await ask()) ? true : undefined), { what });

/** A connection with a call that goes on. */
async function busy(address: string) {
  const before = await metric("spanstore_calls");
  const client = connect(address);
  onTestFinished(() => client.close());
  const { call, answer } = client.upload("Export");
  calls.add(call);
  call.on("error", () => {});
  await waitUntil("the call", async () => (await metric("spanstore_calls")) > before);
  return { call, answer };
}

describe("connections", () => {
  it("beyond the bound replace the longest idle one", async () => {
    served = await serve({ admin: "127.0.0.1:0", maxConnections: 3 });
    const { address } = served.server;
    const going = await busy(address);
    const first = await idle(address);
    const second = await idle(address);
    await waitUntil("three connections", async () => (await metric("spanstore_connections")) === 3);
    const closed = once(first, "close");
    await idle(address);
    await closed;
    expect(await metric("spanstore_connections")).toBe(3);
    expect(await metric('spanstore_refused_total{what="connections"}')).toBe(1);
    expect(second.destroyed).toBe(false);
    going.call.write(exportRequest({ traceId: traceId(1), spanId: spanId(1) }));
    going.call.end();
    expect(await going.answer).toMatchObject({});
  });

  it("beyond the bound are closed when all others are in use", async () => {
    served = await serve({ admin: "127.0.0.1:0", maxConnections: 2 });
    const { address } = served.server;
    await busy(address);
    await busy(address);
    await once(await idle(address), "close");
    expect(await metric("spanstore_connections")).toBe(2);
  });

  it("over HTTP that are idle keep no caller out, and a call in flight goes on", async () => {
    let answer = (_services: string[]): void => {};
    let isAsked = (): void => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    let isFirst = true;
    const getServices = (): Promise<string[]> => {
      if (!isFirst) return Promise.resolve([]);
      isFirst = false;
      isAsked();
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    served = await serve({
      admin: "127.0.0.1:0",
      httpListen: "127.0.0.1:0",
      maxConnections: 20,
      store: storeWith({ getServices }),
    });
    const address = String(served.server.httpAddress);
    const slow = fetch(`http://${address}/api/services`);
    await asked;
    for (let n = 0; n < 100; n++) await idle(address);
    expect((await fetch(`http://${address}/api/services`)).status).toBe(200);
    expect(await metric('spanstore_refused_total{what="connections"}')).toBeGreaterThan(80);
    answer(["late"]);
    expect(await (await slow).json()).toMatchObject({ data: ["late"] });
  });

  it("are idle again when their calls are over", async () => {
    served = await serve({ admin: "127.0.0.1:0", maxConnections: 2 });
    const { address } = served.server;
    const { call, answer } = await busy(address);
    await busy(address);
    call.cancel();
    await errorOf(answer);
    await waitUntil("the end of the call", async () => (await metric("spanstore_calls")) === 1);
    await idle(address);
    expect(await metric("spanstore_connections")).toBe(2);
  });

  it("have a bounded number of calls, each and all together", async () => {
    served = await serve({ admin: "127.0.0.1:0", maxCalls: 8, maxCallsPerConnection: 5 });
    const session = connectHttp2(`http://${served.server.address}`);
    const [settings] = await once(session, "remoteSettings");
    expect(settings).toMatchObject({ maxConcurrentStreams: 5 });
    session.destroy();
    const { address } = served.server;
    const calls = [];
    for (let n = 0; n < 7; n++) calls.push(await busy(address));
    const client = connect(address);
    const refused = await errorOf(client.unary("GetCapabilities", {}));
    expect(refused.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(await metric('spanstore_refused_total{what="calls"}')).toBe(1);
    calls[0]?.call.cancel();
    await waitUntil("a free place", async () => (await metric("spanstore_calls")) === 6);
    await client.unary("GetCapabilities", {});
    client.close();
  });

  it("are fewer when the process may open few files", () => {
    expect(connectionsWithin(256, 1000, 1 / 2)).toBe(128);
    expect(connectionsWithin(20_000, 1000, 1 / 2)).toBe(1000);
    expect(connectionsWithin(undefined, 1000, 1 / 2)).toBe(1000);
    if (process.platform !== "win32") expect(openFileLimit()).toBeGreaterThan(0);
  });
});

it("a server with 256 files answers probes and writers beside 400 idle connections to each port", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spanstore-files-"));
  const [grpc, admin] = await freePorts(2);
  const address = `127.0.0.1:${grpc}`;
  const server = startProgram(
    ["sh", "-c", 'ulimit -n 256; exec "$@"', "sh", process.execPath, main],
    [`--listen=${address}`, `--admin=127.0.0.1:${admin}`, `--sqlite.path=${join(folder, "spans.sqlite")}`],
  );
  onTestFinished(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  await untilReady(`http://127.0.0.1:${admin}/readyz`, server);
  for (let n = 0; n < 400; n++) {
    await idle(address);
    await idle(`127.0.0.1:${admin}`);
  }
  for (const path of ["healthz", "readyz", "metrics"]) {
    const { status: code } = await fetch(`http://127.0.0.1:${admin}/${path}`, {
      signal: AbortSignal.timeout(10_000),
    });
    expect([path, code]).toEqual([path, 200]);
  }
  const client = connect(address);
  await client.unary("Export", exportRequest({ traceId: traceId(1), spanId: spanId(1) }), {
    deadline: Date.now() + 10_000,
  });
  client.close();
});
