import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { SpanStoreError } from "@spanstore/core";
import { afterEach, describe, expect, it } from "vitest";
import { exportRequest, type Served, serve, spanId, storeWith, traceId } from "../harness.js";

describe("the admin port", () => {
  let served: Served;
  afterEach(() => served.stop());
  const ask = async (path: string, method = "GET") => {
    const response = await fetch(`http://${served.server.adminAddress}${path}`, { method });
    return { status: response.status, text: await response.text(), allow: response.headers.get("allow") };
  };
  const start = async (options: Parameters<typeof serve>[0] = {}) => {
    served = await serve({ admin: "127.0.0.1:0", ...options });
  };

  it("is alive, and ready as long as the store is", async () => {
    let reason: string | undefined;
    await start({
      store: storeWith({
        health: async () => {
          if (reason !== undefined) throw new SpanStoreError("STORE_UNAVAILABLE", reason);
        },
      }),
    });
    expect(await ask("/readyz")).toMatchObject({ status: 200 });
    reason = "the disk is full";
    expect(await ask("/readyz")).toMatchObject({ status: 503, text: "not ready: the disk is full\n" });
    expect(await ask("/healthz")).toMatchObject({ status: 200 });
  });

  it("shows what was called, written and stored", async () => {
    await start();
    const request = exportRequest(
      { traceId: traceId(1), spanId: spanId(1) },
      { traceId: traceId(2), spanId: spanId(2) },
    );
    await served.client.unary("Export", request);
    await served.client.unary("Export", Buffer.from([1])).catch(() => {});
    const { text } = await ask("/metrics");
    const service = "opentelemetry.proto.collector.trace.v1.TraceService";
    const handled = (code: string) =>
      `grpc_server_handled_total{grpc_service="${service}",grpc_method="Export",grpc_code="${code}"} 1\n`;
    expect(text).toContain(handled("OK"));
    expect(text).toContain(handled("INVALID_ARGUMENT"));
    expect(text).toContain(
      `grpc_server_handling_seconds_count{grpc_service="${service}",grpc_method="Export"} 2\n`,
    );
    expect(text).toContain("spanstore_spans_written_total 2\n");
    expect(text).toContain(`spanstore_written_bytes_total ${request.length}\n`);
    expect(text).toMatch(/spanstore_store_bytes\{engine="memory"\} [1-9]/);
  });

  it("shows the other metrics when the store's size fails", async () => {
    await start({
      store: storeWith({
        stats: async () => {
          throw new SpanStoreError("STORE_UNAVAILABLE", "gone");
        },
      }),
    });
    const { status, text } = await ask("/metrics");
    expect(status).toBe(200);
    expect(text).toContain("spanstore_spans_written_total 0\n");
    expect(text).not.toMatch(/^spanstore_store_bytes\{/m);
  });

  it("is not held up by a store that takes long to find its size, and asks it once", async () => {
    const asked: ((bytes: number) => void)[] = [];
    await start({
      store: storeWith({
        stats: () => new Promise((resolve) => asked.push((bytes) => resolve({ bytes }))),
      }),
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask("/metrics")));
    for (const { status, text } of answers) {
      expect(status).toBe(200);
      expect(text).toContain("spanstore_spans_written_total 0\n");
      expect(text).not.toMatch(/^spanstore_store_bytes\{/m);
    }
    expect(asked).toHaveLength(1);
    asked[0]?.(77);
    for (let n = 0; n < 20; n++) {
      expect((await ask("/metrics")).text).toContain('spanstore_store_bytes{engine="memory"} 77\n');
    }
    expect(asked).toHaveLength(1);
  });

  it("purges only when that is allowed, and only by POST", async () => {
    await start();
    await served.client.unary("Export", exportRequest({ traceId: traceId(1), spanId: spanId(1) }));
    expect(await ask("/purge", "POST")).toMatchObject({ status: 403 });
    expect(await served.store.getServices()).toEqual(["cart"]);
    await served.stop();

    await start({ allowPurge: true });
    await served.client.unary("Export", exportRequest({ traceId: traceId(1), spanId: spanId(1) }));
    expect(await ask("/purge")).toMatchObject({ status: 405, allow: "POST" });
    expect(await served.store.getServices()).toEqual(["cart"]);
    expect(await ask("/purge", "POST")).toMatchObject({ status: 200 });
    expect(await served.store.getServices()).toEqual([]);
  });

  it("deletes what started before a time, only when that is allowed and the time is one", async () => {
    const latest = 2n ** 64n;
    const times: bigint[] = [];
    const store = storeWith({ deleteBefore: async (time) => void times.push(time) });
    await start({ store });
    expect(await ask("/delete-before?time=1", "POST")).toMatchObject({ status: 403 });
    await served.stop();

    await start({ store, allowPurge: true });
    expect(await ask("/delete-before?time=1")).toMatchObject({ status: 405, allow: "POST" });
    const wrong = [
      "",
      "?",
      "?time",
      "?time=",
      "?time=-1",
      "?time=1.5",
      "?time=1e9",
      "?time=0x1",
      "?time=%201",
    ];
    wrong.push(
      "?time=1&time=2",
      "?times=1",
      `?time=${latest + 1n}`,
      `?time=${"9".repeat(10_000)}`,
      "?time=1?time=1",
    );
    for (const query of wrong) {
      const answer = await ask(`/delete-before${query}`, "POST");
      expect([query, answer.status, answer.text]).toEqual([query, 400, expect.stringMatching(/^time: /)]);
    }
    expect(times).toEqual([]);
    for (const time of [0n, 1_700_000_000_000_000_000n, latest]) {
      expect(await ask(`/delete-before?time=${time}`, "POST")).toMatchObject({ status: 200 });
    }
    expect(times).toEqual([0n, 1_700_000_000_000_000_000n, latest]);
  });

  it("refuses everything else, and survives malformed HTTP", async () => {
    await start();
    expect(await ask("/")).toMatchObject({ status: 404 });
    expect(await ask("/metrics", "DELETE")).toMatchObject({ status: 405, allow: "GET, HEAD" });
    const [host = "", port] = String(served.server.adminAddress).split(":");
    const socket = connectTcp(Number(port), host);
    socket.end("no http\r\n\r\n");
    const [answer] = await once(socket, "data");
    expect(String(answer)).toContain("400 Bad Request");
    expect(await ask("/healthz")).toMatchObject({ status: 200 });
  });

  it("hides internal errors", async () => {
    await start({
      allowPurge: true,
      store: storeWith({
        purge: async () => {
          throw new Error("secret");
        },
      }),
    });
    expect(await ask("/purge", "POST")).toEqual({ status: 500, text: "internal error\n", allow: null });
  });
});
