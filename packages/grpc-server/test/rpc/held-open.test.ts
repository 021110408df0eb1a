import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../../../scripts/test-support/processes.js";
import { connect, errorOf, exportRequest, type Served, serve, spanId, traceId } from "../harness.js";

const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const silentCalls = 1200;
const callsPerConnection = 600;

let served: Served;
const sessions: ClientHttp2Session[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await served.stop();
});

const openCalls = async () => {
  const text = await (await fetch(`http://${served.server.adminAddress}/metrics`)).text();
  return Number(/^spanstore_calls (\S+)$/m.exec(text)?.[1]);
};

/** Calls that begin, send so much of their message, and then nothing. */
async function holdOpen(
  beginning: Buffer,
  headers: (call: number) => Record<string, string> = () => ({}),
): Promise<void> {
  for (let call = 0; call < silentCalls; call++) {
    if (call % callsPerConnection === 0) {
      const session = connectHttp2(`http://${served.server.address}`);
      session.on("error", () => {});
      await once(session, "remoteSettings");
      sessions.push(session);
    }
    const stream = (sessions.at(-1) as ClientHttp2Session).request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers(call),
    });
    stream.on("error", () => {});
    if (beginning.length > 0) stream.write(beginning);
  }
}

const untilOpen = () =>
  until(async () => ((await openCalls()) >= silentCalls ? true : undefined), {
    what: "the calls that are held open",
  });

async function write(tenant?: string): Promise<void> {
  const client = connect(served.server.address, {}, tenant === undefined ? {} : { "x-tenant": tenant });
  try {
    for (let n = 1; n <= 20; n++) {
      const attributes = { blob: "x".repeat(1_000_000) };
      await client.unary("Export", exportRequest({ traceId: traceId(n), spanId: spanId(n), attributes }));
    }
  } finally {
    client.close();
  }
}

/** A prefix that promises 60 MiB. */
const promise = Buffer.from([0, 0x03, 0xc0, 0, 0]);
const beginnings = [
  ["their headers", Buffer.alloc(0)],
  ["the length of their message", promise],
  ["a byte of their message", Buffer.concat([promise, Buffer.from([10])])],
] as const;

describe("calls that are held open", () => {
  it.each(beginnings)("keep no writer out when they send %s", async (_what, beginning) => {
    served = await serve({ admin: "127.0.0.1:0", maxWaitingBytes: 32 * 1024 * 1024 });
    // What is usual must not be kept for those that send nothing.
    await write();
    await holdOpen(beginning);
    await untilOpen();
    await write();
  });

  it.each(beginnings)("keep no other tenant out when they send %s", async (_what, beginning) => {
    served = await serve({
      admin: "127.0.0.1:0",
      maxWaitingBytes: 32 * 1024 * 1024,
      tenancy: {},
      rates: { bytesPerSecond: 100_000_000, ofTenants: [] },
    });
    await holdOpen(beginning, (call) => ({ "x-tenant": `silent-${call % 10}` }));
    await untilOpen();
    await write("honest");
  });

  it("end when they do not arrive in time", async () => {
    served = await serve({ admin: "127.0.0.1:0", arrivalMs: 200 });
    await holdOpen(promise);
    const { call, answer } = served.client.upload("Export");
    call.on("error", () => {});
    expect((await errorOf(answer)).code).toBe(status.DEADLINE_EXCEEDED);
    await until(async () => ((await openCalls()) === 0 ? true : undefined), { what: "the end of all calls" });
  });
});
