import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { describe, expect, it } from "vitest";
import { type Served, serve, span, traceId, tracesOf } from "./harness.js";

/** All that a connection answers to these bytes until it is closed. */
async function raw(port: number, ...parts: readonly string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString();
  });
  socket.on("error", () => {});
  for (const part of parts) socket.write(part);
  await once(socket, "close");
  return text;
}

const bodyOf = (answer: string): unknown => JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4));

describe("bad input", () => {
  it.each([
    ["/api/traces?service=a&foo=1", 400, /unknown parameter 'foo'/],
    ["/api/services?x", 400, /unknown parameter 'x'/],
    ["/api/traces?service=a&limit=1&limit=2", 400, /'limit' stands there twice/],
    ["/api/traces?service=a&limit=1e3", 400, /'limit': "1e3" is not a whole number/],
    ["/api/traces?service=a&limit=99999999999", 400, /'limit'/],
    ["/api/traces?service=a&start=2&end=1", 400, /'start' is after 'end'/],
    ["/api/traces?service=a&start=1.5", 400, /'start': "1.5" is not a whole number of microseconds/],
    ["/api/traces?service=a&minDuration=-1s", 400, /'minDuration' is negative/],
    ["/api/traces?service=a&minDuration=2s&maxDuration=1s", 400, /'maxDuration' should be greater/],
    ["/api/traces?service=a&tag=x", 400, /malformed 'tag' parameter/],
    ["/api/traces?service=a&tags=[1]", 400, /malformed 'tags' parameter/],
    ["/api/traces?service=a&raw=maybe", 400, /'raw': "maybe" is not true or false/],
    ["/api/traces?traceID=xyz", 400, /traceID is no trace ID: "xyz"/],
    [`/api/traces/${"1".repeat(33)}`, 400, /is not 1 to 32 hex digits/],
    [`/api/traces/${traceId}?start=x`, 400, /'start'/],
    ["/api/traces/1", 404, /^trace not found$/],
    ["/api/dependencies?endTs=x", 400, /'endTs': "x" is not a whole number of milliseconds/],
    ["/api/metrics/calls", 400, /'service': please provide at least one service name$/],
    [
      "/api/metrics/calls?service=a&spanKind=x",
      400,
      /'spanKind': unsupported span kind: 'x'; there is unspec/,
    ],
    ["/api/metrics/calls?service=a&step=x", 400, /'step': "x" is not a whole number of milliseconds/],
    ["/api/metrics/errors?service=a&step=0", 400, /'step' is not above 0/],
    ["/api/metrics/errors?service=a&ratePer=-1", 400, /'ratePer' is not above 0/],
    [
      "/api/metrics/errors?service=a&step=1&endTs=1780000000000",
      400,
      /'step' makes 3600001 points of a series/,
    ],
    ["/api/metrics/errors?service=a&endTs=5&lookback=6", 400, /'lookback' reaches back before 1970/],
    ["/api/metrics/latencies?service=a", 400, /'quantile': "" is not a number from 0 to 1/],
    ["/api/metrics/latencies?service=a&quantile=2", 400, /'quantile': "2" is not/],
    ["/api/none", 404, /^nothing is at \/api\/none$/],
    ["/api/traces/%zz", 400, /cannot be decoded/],
  ])("%s is answered %i in Jaeger's form", async (path, status, message) => {
    await using served = await serve();
    const answer = await served.get(path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.json).toEqual({
      data: null,
      total: 0,
      limit: 0,
      offset: 0,
      errors: [{ code: status, msg: expect.stringMatching(message) }],
    });
  });

  it.each([
    ["/api/v3/traces", 400, /query.startTimeMin and query.startTimeMax are required/],
    ["/api/v3/traces?query.startTimeMin=x&query.startTimeMax=y", 400, /'query.startTimeMin'/],
    ["/api/v3/traces?query.nonsense=1", 400, /unknown parameter 'query.nonsense'/],
    ["/api/v3/traces/xyz", 400, /trace_id is no trace ID/],
    ["/api/v3/traces/1", 404, /^No traces found$/],
    ["/api/v3/none", 404, /nothing is at/],
  ])("%s is answered %i in the form of Jaeger's gateway", async (path, status, message) => {
    await using served = await serve();
    const answer = await served.get(path);
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({
      error: { grpcCode: expect.any(Number), httpCode: status, message: expect.stringMatching(message) },
    });
  });

  it("names the methods of a path", async () => {
    await using served = await serve();
    for (const [path, method, allow] of [
      ["/api/services", "POST", "GET, HEAD, OPTIONS"],
      ["/api/traces/1", "DELETE", "GET, HEAD, OPTIONS"],
      ["/api/archive/1", "GET", "POST, OPTIONS"],
      ["/v1/traces", "GET", "POST, OPTIONS"],
      ["/v1/traces", "PROPFIND", "POST, OPTIONS"],
    ] as const) {
      const refused = await served.get(path, { method });
      expect([refused.status, refused.headers.get("allow")]).toEqual([405, allow]);
      const options = await served.get(path, { method: "OPTIONS" });
      expect([options.status, options.headers.get("allow")]).toEqual([204, allow]);
    }
  });

  it("answers HEAD as GET, without the body", async () => {
    await using served = await serve();
    await served.store.write(tracesOf("shop", span(1)));
    for (const path of [
      "/api/services",
      `/api/traces/${traceId}`,
      "/api/traces?service=shop",
      "/api/traces/1",
    ]) {
      const whole = await served.get(path);
      const head = await served.get(path, { method: "HEAD" });
      expect([head.status, head.text]).toEqual([whole.status, ""]);
      for (const name of ["content-type", "etag", "content-length"]) {
        expect(head.headers.get(name)).toBe(whole.headers.get(name));
      }
    }
  });

  it("refuses malformed HTTP, and too large headers", async () => {
    await using served = await serve({ maxHeaderBytes: 8192 });
    expect(bodyOf(await raw(served.port, "nonsense\r\n\r\n"))).toMatchObject({ errors: [{ code: 400 }] });
    const long = `GET /api/traces?q=${"x".repeat(10_000)} HTTP/1.1\r\nHost: a\r\n\r\n`;
    expect(bodyOf(await raw(served.port, long))).toMatchObject({ errors: [{ code: 431 }] });
  });

  it("waits for senders no longer than they may take", async () => {
    await using served = await serve({ arrivalMs: 200 });
    const head = "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
    const late = await raw(served.port, `${head}Content-Length: 100\r\n\r\n{`);
    expect(late).toMatch(/^HTTP\/1.1 408 /);
    expect(bodyOf(late)).toEqual({ code: 4, message: "the body did not arrive within 200 ms" });
    expect(await raw(served.port, "GET /api/services HTT")).toMatch(/^HTTP\/1.1 408 /);
  });

  it("refuses a too large body before it arrives, and does not read it", async () => {
    await using served = await serve({ maxBodyBytes: 1000 });
    const head = "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n";
    expect(await raw(served.port, `${head}Content-Length: 2000\r\n\r\n`)).toMatch(/^HTTP\/1.1 413 /);
    const chunk = `3e8\r\n${"a".repeat(1000)}\r\n`;
    const endless = await raw(served.port, `${head}Transfer-Encoding: chunked\r\n\r\n`, chunk, chunk);
    expect(endless).toMatch(/^HTTP\/1.1 413 /);
    expect(endless).toMatch(/connection: close/i);
  });
});

describe("clients that leave or wait", () => {
  /** A store whose traces never end. */
  function endless(): { store: SpanStore; given: () => number; ended: Promise<void> } {
    const inner = openMemoryStore();
    let given = 0;
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const store: SpanStore = {
      ...inner,
      async *findTraces() {
        await inner.write(tracesOf("shop", span(1, { name: "x".repeat(50_000) })));
        try {
          for (;;) {
            for await (const chunk of inner.getTraces([traceId])) {
              given++;
              yield { ...chunk, traceId: given.toString(16).padStart(32, "0") };
            }
          }
        } finally {
          end();
        }
      },
    };
    return { store, given: () => given, ended };
  }

  const ask = (served: Served): Socket => {
    const socket = connect(served.port, "127.0.0.1");
    socket.write("GET /api/traces?service=shop&raw=true HTTP/1.1\r\nHost: a\r\n\r\n");
    return socket;
  };

  it("ends the search of a client that leaves", async () => {
    const { store, ended } = endless();
    await using served = await serve({}, store);
    const socket = ask(served);
    await once(socket, "data");
    socket.destroy();
    await ended;
  });

  it("reads no further than a client takes, and gives up one that takes nothing", async () => {
    const { store, given, ended } = endless();
    await using served = await serve({ stallMs: 300 }, store);
    const socket = ask(served);
    socket.pause();
    await ended;
    // What the sockets of both sides hold, and not more.
    expect(given()).toBeLessThan(400);
    socket.destroy();
  });

  it("breaks off an answer that fails midway, instead of ending it as complete", async () => {
    const inner = openMemoryStore();
    await inner.write(tracesOf("shop", span(1, { name: "x".repeat(200_000) })));
    const failures: unknown[] = [];
    const store: SpanStore = {
      ...inner,
      async *findTraces() {
        yield* inner.getTraces([traceId]);
        throw new Error("gone");
      },
    };
    await using served = await serve({ failed: (error) => failures.push(error) }, store);
    await expect(served.get("/api/traces?service=shop&raw=true")).rejects.toThrow("terminated");
    expect(failures).toEqual([new Error("gone")]);
  });

  it("bounds the number of connections, and closes idle ones", async () => {
    await using served = await serve({ maxConnections: 50, idleMs: 100 });
    const sockets = Array.from({ length: 80 }, () => connect(served.port, "127.0.0.1"));
    let closed = 0;
    await new Promise<void>((resolve) => {
      for (const socket of sockets) {
        socket.on("error", () => {});
        socket.resume();
        socket.on("close", () => ++closed === 30 && resolve());
      }
    });
    for (const socket of sockets) socket.destroy();
    // The server learns of it a moment later.
    const request = "GET /api/services HTTP/1.1\r\nHost: a\r\n\r\n";
    let answer = "";
    while (answer === "") answer = await raw(served.port, request);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).toMatch(/connection: keep-alive/i);
  });

  it("reports every call once, with its route and its status", async () => {
    const calls: string[] = [];
    await using served = await serve({
      finished: ({ method, route, status }) => calls.push(`${method} ${route} ${status}`),
    });
    await served.get("/api/traces/1");
    await served.get("/api/services");
    await served.get("/api/services", { method: "POST" });
    await served.get("/none");
    await served.face.close();
    expect(calls).toEqual([
      "GET /api/traces/:traceID 404",
      "GET /api/services 200",
      "POST /api/services 405",
      "GET  404",
    ]);
  });
});
