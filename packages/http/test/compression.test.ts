import { once } from "node:events";
import { get as httpGet, type IncomingMessage } from "node:http";
import * as zlib from "node:zlib";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { describe, expect, it } from "vitest";
import { type Served, serve, span, traceId, tracesOf } from "./harness.js";

interface Raw {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** An answer as it comes over the wire. */
async function raw(
  { port }: Served,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<Raw> {
  const request = httpGet({ port, path, headers, method, agent: false });
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) };
}

const decoders = {
  gzip: zlib.gunzipSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
} as const;
const codings = (["gzip", "br", "zstd"] as const).filter((coding) => decoders[coding] !== undefined);

/** Too large for one piece, with texts of several bytes a character. */
const many = () =>
  tracesOf("shop", ...Array.from({ length: 2000 }, (_, i) => span(i + 1, { name: `购物 🛒 ${i}` })));

const paths = [
  `/api/traces/${traceId}`,
  "/api/traces?service=shop",
  `/api/v3/traces/${traceId}`,
  "/api/services/shop/operations",
] as const;

describe("answers to a client that takes compressed ones", () => {
  it.each(codings)("hold the same by %s", async (coding) => {
    await using served = await serve();
    await served.store.write(many());
    for (const path of paths) {
      const plain = await raw(served, path);
      const coded = await raw(served, path, { "accept-encoding": coding });
      expect(plain.headers["content-encoding"]).toBeUndefined();
      expect(coded.headers["content-encoding"]).toBe(coding);
      expect(coded.headers["content-length"]).toBeUndefined();
      for (const { headers } of [plain, coded]) expect(headers.vary).toMatch(/accept-encoding/);
      expect(coded.body.length).toBeLessThan(plain.body.length / 3);
      expect(decoders[coding](coded.body).equals(plain.body)).toBe(true);
    }
    const protobuf = { accept: "application/x-protobuf" };
    const plain = await raw(served, `/api/v3/traces/${traceId}`, protobuf);
    const coded = await raw(served, `/api/v3/traces/${traceId}`, { ...protobuf, "accept-encoding": coding });
    expect(coded.headers).toMatchObject({ "content-encoding": coding, vary: "accept, accept-encoding" });
    expect(decoders[coding](coded.body).equals(plain.body)).toBe(true);
  });

  it.each([
    ["gzip, deflate, br, zstd", codings.includes("zstd") ? "zstd" : "gzip"],
    ["br, gzip", "gzip"],
    ["br;q=0.9, gzip;q=0.5", "br"],
    ["GZIP", "gzip"],
    ["gzip;q=0, br;q=0.1", "br"],
    ["gzip;q=0.5, identity", undefined],
    ["gzip;q=0", undefined],
    ["deflate", undefined],
    ["*;q=0", undefined],
    ["", undefined],
    [";;q=,=", undefined],
  ])("are compressed as %j wants it: %s", async (accept, coding) => {
    await using served = await serve();
    await served.store.write(many());
    const answer = await raw(served, "/api/traces?service=shop", { "accept-encoding": accept });
    expect(answer.headers["content-encoding"]).toBe(coding);
  });

  it("are not compressed when that saves nothing", async () => {
    await using served = await serve();
    await served.store.write(tracesOf("shop", span(1)));
    for (const path of ["/api/services", "/api/traces?service=shop", "/api/traces/1", "/none"]) {
      const { headers, body } = await raw(served, path, { "accept-encoding": "gzip" });
      expect(headers["content-encoding"]).toBeUndefined();
      expect(headers.vary).toBe("accept-encoding");
      expect(() => JSON.parse(body.toString())).not.toThrow();
    }
  });

  it("have a separate ETag in each coding, and each validates the client's copy", async () => {
    await using served = await serve();
    await served.store.write(many());
    for (const path of [`/api/traces/${traceId}`, `/api/v3/traces/${traceId}`]) {
      const tags = new Set<string>();
      for (const coding of ["identity", ...codings]) {
        const answer = await raw(served, path, { "accept-encoding": coding });
        const etag = answer.headers.etag as string;
        expect(etag).toMatch(/^"[^"]+"$/);
        tags.add(etag);
        for (const other of ["identity", ...codings]) {
          const same = await raw(served, path, {
            "accept-encoding": other,
            "if-none-match": `"x", W/${etag}`,
          });
          expect([same.status, same.headers.etag, same.body.length]).toEqual([304, etag, 0]);
          expect(same.headers.vary).toBe(answer.headers.vary);
        }
      }
      expect(tags.size).toBe(codings.length + 1);
    }
    await served.store.write(tracesOf("shop", span(9999)));
    const old = await raw(served, `/api/traces/${traceId}`, { "if-none-match": '"x-gzip"' });
    expect(old.status).toBe(200);
  });

  it("have the same head for HEAD", async () => {
    await using served = await serve();
    await served.store.write(many());
    for (const path of [...paths, "/api/services"]) {
      const whole = await raw(served, path, { "accept-encoding": "gzip" });
      const head = await raw(served, path, { "accept-encoding": "gzip" }, "HEAD");
      expect([head.status, head.body.length]).toEqual([whole.status, 0]);
      for (const name of ["content-type", "content-encoding", "content-length", "etag", "vary"] as const) {
        expect(head.headers[name]).toBe(whole.headers[name]);
      }
    }
  });

  it("also vary by origin when browsers of other origins may call", async () => {
    await using served = await serve({ corsOrigins: ["https://a.example", "https://b.example"] });
    const { headers } = await raw(served, "/api/services", { origin: "https://a.example" });
    expect(headers.vary?.toLowerCase()).toBe("origin, accept-encoding");
  });
});

describe("a compressed answer without end", () => {
  /** A store whose traces never end, and cannot be compressed. */
  function endless(): { readonly store: SpanStore; given: () => number; readonly ended: Promise<void> } {
    const inner = openMemoryStore();
    let given = 0;
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const store: SpanStore = {
      ...inner,
      async *findTraces() {
        const { randomBytes } = await import("node:crypto");
        try {
          for (;;) {
            const noise = openMemoryStore();
            await noise.write(tracesOf("shop", span(1, { name: randomBytes(25_000).toString("hex") })));
            for await (const chunk of noise.getTraces([traceId])) {
              given++;
              yield { ...chunk, traceId: given.toString(16).padStart(32, "0") };
            }
            await noise.close();
          }
        } finally {
          end();
        }
      },
    };
    return { store, given: () => given, ended };
  }

  it.each(codings)("is compressed by %s no faster than the client takes it", async (coding) => {
    const { store, given, ended } = endless();
    await using served = await serve({ stallMs: 300 }, store);
    const request = httpGet({
      port: served.port,
      path: "/api/traces?service=shop&raw=true",
      headers: { "accept-encoding": coding },
      agent: false,
    });
    request.on("error", () => {});
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    expect(answer.headers["content-encoding"]).toBe(coding);
    answer.pause();
    await ended;
    // What the sockets of both sides and the encoder hold, and not more.
    expect(given()).toBeLessThan(800);
    answer.on("error", () => {});
    request.destroy();
  });

  it("ends when its client leaves", async () => {
    const { store, ended } = endless();
    await using served = await serve({}, store);
    const request = httpGet({
      port: served.port,
      path: "/api/traces?service=shop&raw=true",
      headers: { "accept-encoding": "gzip" },
      agent: false,
    });
    request.on("error", () => {});
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    answer.on("error", () => {});
    await once(answer, "data");
    request.destroy();
    await ended;
  });
});
