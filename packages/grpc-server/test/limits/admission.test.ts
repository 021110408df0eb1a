import { once } from "node:events";
import { connect } from "node:http2";
import { status } from "@grpc/grpc-js";
import type { WriteResult } from "@spanstore/core";
import { expect, it } from "vitest";
import { until } from "../../../../scripts/test-support/processes.js";
import { gatedStore } from "../gated-store.js";
import { errorOf, exportRequest, messageType, serve, spanId, storeWith, traceId } from "../harness.js";
import { jaegerSpan } from "../jaeger/jaeger1/spans.js";

it("refuses writes beyond the bound with the time to try again, and accepts them when there is room", async () => {
  const release: (() => void)[] = [];
  let arrived: (() => void) | undefined;
  const served = await serve({
    maxWaitingBytes: 1000,
    store: storeWith({
      write: () =>
        new Promise<WriteResult>((resolve) => {
          release.push(() => resolve({ accepted: 1, rejected: [] }));
          arrived?.();
        }),
    }),
  });
  try {
    const request = (length: number) =>
      exportRequest({ traceId: traceId(1), spanId: spanId(1), attributes: { filler: "x".repeat(length) } });
    const arrival = (): Promise<void> =>
      new Promise((resolve) => {
        arrived = resolve;
      });
    const first = arrival();
    // Larger than the bound, and alone.
    const large = served.client.unary("Export", request(2000));
    await first;
    const refused = await errorOf(served.client.unary("Export", request(1)));
    expect(refused.code).toBe(status.RESOURCE_EXHAUSTED);
    const details = refused.metadata.get("grpc-status-details-bin")[0] as Buffer;
    const { details: parts } = messageType("google.rpc.Status").deserialize(details);
    expect(
      parts.map((part: { type_url: string; typeUrl: string }) => part.typeUrl ?? part.type_url),
    ).toContain("type.googleapis.com/google.rpc.RetryInfo");
    // Reads are answered meanwhile.
    await served.client.unary("jaeger.storage.v2.TraceReader/GetServices", {});
    release[0]?.();
    await large;
    const second = arrival();
    const small = served.client.unary("Export", request(1));
    await second;
    release[1]?.();
    await small;
  } finally {
    for (const each of release) each();
    await served.stop();
  }
});

it("ends requests that begin and do not arrive, which frees their room", async () => {
  const served = await serve({ maxWaitingBytes: 20_000, arrivalMs: 100 });
  try {
    const filler = "x".repeat(10_000);
    const request = exportRequest({ traceId: traceId(1), spanId: spanId(1), attributes: { filler } });
    // The server learns how large writes are.
    for (let n = 0; n < 20; n++) await served.client.unary("Export", request);
    // Headers, and nothing behind them.
    const silent = Array.from({ length: 20 }, () => served.client.upload("Export"));
    const codes = await Promise.all(
      silent.map(async ({ call, answer }) => {
        call.on("error", () => {});
        return (await errorOf(answer)).code;
      }),
    );
    expect(codes[0]).toBe(status.DEADLINE_EXCEEDED);
    expect([status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED]).toEqual(expect.arrayContaining(codes));
    await served.client.unary("Export", request);
  } finally {
    await served.stop();
  }
});

it("bounds very many small writes, too", async () => {
  const gated = gatedStore();
  const served = await serve({ store: gated.store, maxWaitingBytes: 1024 * 1024 });
  try {
    const codes = Promise.all(
      Array.from({ length: 1000 }, async (_, n) => {
        const request = exportRequest({ traceId: traceId(n + 1), spanId: spanId(1) });
        const answer = await served.client.unary("Export", request).catch(({ code }) => ({ code }));
        if (answer.code !== undefined) gated.open();
        return answer.code;
      }),
    );
    // Of a few bytes each they are far from filling it.
    expect(await codes).toContain(status.RESOURCE_EXHAUSTED);
  } finally {
    gated.open();
    await served.stop();
  }
});

it("tells a refused client to stop sending the request", async () => {
  const gated = gatedStore();
  const served = await serve({ store: gated.store, maxWaitingBytes: 1000 });
  const session = connect(`http://${served.server.address}`);
  try {
    const attributes = { filler: "x".repeat(2000) };
    const begun = gated.next();
    const waiting = served.client.unary(
      "Export",
      exportRequest({ traceId: traceId(1), spanId: spanId(1), attributes }),
    );
    await begun;
    const stream = session.request({
      ":method": "POST",
      ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      "content-type": "application/grpc",
      te: "trailers",
    });
    // The beginning of a message of ten megabytes, which never ends.
    stream.write(Buffer.from([0, 0, 0x98, 0x96, 0x80, 1, 2, 3]));
    const [headers] = (await once(stream, "response")) as [Record<string, string>];
    await once(stream, "close");
    expect({ status: Number(headers["grpc-status"]), reset: stream.rstCode }).toEqual({
      status: status.RESOURCE_EXHAUSTED,
      reset: 0,
    });
    gated.open();
    await waiting;
  } finally {
    gated.open();
    session.close();
    await served.stop();
  }
});

/** A server whose store takes nothing yet, and streams of spans to it. */
async function serveGated() {
  const gated = gatedStore();
  const served = await serve({ store: gated.store, admin: "127.0.0.1:0", maxWaitingBytes: 2_500_000 });
  const { client, server } = served;
  let sent = 0;
  return {
    client,
    open: gated.open,
    sent: () => sent,
    waitingBytes: async () => {
      const text = await (await fetch(`http://${server.adminAddress}/metrics`)).text();
      return Number(/^spanstore_waiting_bytes (\S+)$/m.exec(text)?.[1]);
    },
    /** A stream of spans of one trace, each of so many bytes and a little more. */
    upload: (trace: number, spans: number, bytes: number) => {
      const { call, answer } = client.upload("WriteSpanStream");
      call.on("error", () => {});
      for (let n = 1; n <= spans; n++) {
        const ids = { traceId: traceId(trace), spanId: spanId(n) };
        call.write({ span: jaegerSpan({ ...ids, tags: { blob: "x".repeat(bytes) } }) }, () => sent++);
      }
      call.end();
      return { call, answer };
    },
    /** Each round trip gives the server time in which it could read on. */
    roundTrips: async () => {
      for (let i = 0; i < 200; i++) await client.unary("GetCapabilities", {});
    },
    async [Symbol.asyncDispose]() {
      gated.open();
      await served.stop();
    },
  };
}
const untilTrue = (what: string, ask: () => Promise<boolean>) =>
  until(async () => ((await ask()) ? true : undefined), { what });

it("holds streams back beyond the bound, and takes all of them when there is room", async () => {
  await using gated = await serveGated();
  const { client, waitingBytes } = gated;
  const streams = [1, 2, 3, 4].map((n) => gated.upload(n, 10, 1_000_000));
  await untilTrue("spans that wait", async () => (await waitingBytes()) > 2_000_000);
  await gated.roundTrips();
  expect(await waitingBytes()).toBeLessThanOrEqual(2_500_000);
  // A stream that waits has one span in hand and one on its way.
  expect(gated.sent()).toBeLessThanOrEqual(4 * 3);
  gated.open();
  for (const { answer } of streams) expect(await answer).toEqual({});
  const query = [1, 2, 3, 4].map((n) => ({ traceId: Buffer.from(traceId(n), "hex") }));
  const found = await client.collect("GetTraces", { query });
  const spans = found.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap((each: { scopeSpans: { spans: unknown[] }[] }) =>
      each.scopeSpans.flatMap((scope) => scope.spans),
    ),
  );
  expect(spans).toHaveLength(40);
  await untilTrue("room", async () => (await waitingBytes()) === 0);
});

it("gives streams room in turn, before later writes, and none to clients that have left", async () => {
  await using gated = await serveGated();
  const { client, waitingBytes } = gated;
  const large = { traceId: traceId(1), spanId: spanId(1), attributes: { blob: "x".repeat(2_000_000) } };
  const first = client.unary("Export", exportRequest(large));
  await untilTrue("the first write", async () => (await waitingBytes()) > 2_000_000);
  const leaving = gated.upload(2, 1, 1_000_000);
  await gated.roundTrips();
  const small = gated.upload(3, 1, 100_000);
  await gated.roundTrips();
  // There is room for the small one, and for the tiny one, but others were there before.
  expect(await waitingBytes()).toBeLessThan(2_100_000);
  const tiny = exportRequest({ traceId: traceId(4), spanId: spanId(4) });
  expect((await errorOf(client.unary("Export", tiny))).code).toBe(status.RESOURCE_EXHAUSTED);
  leaving.call.cancel();
  expect((await errorOf(leaving.answer)).code).toBe(status.CANCELLED);
  await untilTrue("the small one", async () => (await waitingBytes()) > 2_100_000);
  gated.open();
  expect(await small.answer).toEqual({});
  await first;
  await untilTrue("room", async () => (await waitingBytes()) === 0);
  await client.unary("Export", tiny);
});
