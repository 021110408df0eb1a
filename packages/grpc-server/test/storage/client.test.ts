import { once } from "node:events";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { type ConnectOptions, connectSpanStore } from "@spanstore/client";
import {
  decodeTraces,
  type ErrorCode,
  isSpanStoreError,
  openMemoryStore,
  type SpanStore,
  SpanStoreError,
  type TraceChunk,
} from "@spanstore/core";
import { encodeTraces } from "@spanstore/core/otlp";
import { afterEach, describe, expect, it } from "vitest";
import { type RunningServer, type ServerOptions, startServer } from "../../src/index.js";
import { exportRequest, spanId, storeWith, traceId } from "../harness.js";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** A server over this store, with a client; both are closed after the test. */
async function connected(
  store: SpanStore,
  options: Partial<ServerOptions> = {},
  clientOptions: (server: RunningServer) => ConnectOptions = () => ({}),
): Promise<{ client: SpanStore; server: RunningServer }> {
  const server = await startServer({ listen: "127.0.0.1:0", store, ...options });
  const client = connectSpanStore(server.address, clientOptions(server));
  open.push(store, server, client);
  return { client, server };
}

const withAdmin = (server: RunningServer): ConnectOptions => ({ admin: `http://${server.adminAddress}` });

async function failureOf(call: Promise<unknown> | AsyncIterable<unknown>): Promise<SpanStoreError> {
  try {
    if (Symbol.asyncIterator in call) for await (const _ of call);
    else await call;
  } catch (error) {
    if (isSpanStoreError(error)) return error;
    throw error;
  }
  throw new Error("the call succeeded");
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe("a client's errors", () => {
  const codes: Record<ErrorCode, ErrorCode> = {
    INVALID_QUERY: "INVALID_QUERY",
    UNSUPPORTED_FILTER: "UNSUPPORTED_FILTER",
    UNSUPPORTED: "UNSUPPORTED",
    INVALID_TRACES: "INVALID_TRACES",
    NOT_FOUND: "NOT_FOUND",
    STORE_UNAVAILABLE: "STORE_UNAVAILABLE",
    OVERLOADED: "OVERLOADED",
    TOO_LARGE: "TOO_LARGE",
    ABORTED: "ABORTED",
    UNAUTHENTICATED: "UNAUTHENTICATED",
    PERMISSION_DENIED: "PERMISSION_DENIED",
    CORRUPT: "CORRUPT",
    // Closed is the store behind the server, and not the client.
    STORE_CLOSED: "STORE_UNAVAILABLE",
    INVALID_OPTIONS: "INTERNAL",
    INCOMPATIBLE_SCHEMA: "INTERNAL",
    DRIVER_UNAVAILABLE: "INTERNAL",
    INTERNAL: "INTERNAL",
  };

  it.each(Object.entries(codes) as [ErrorCode, ErrorCode][])(
    "%s of the store is %s",
    async (code, wanted) => {
      const fail = () => {
        throw new SpanStoreError(code, "part is wrong", { field: "part", hint: "mend it" });
      };
      const { client } = await connected(
        storeWith({
          getServices: async () => fail(),
          async *getTraces() {
            yield { traceId: traceId(1), encoded: exportRequest({ traceId: traceId(1), spanId: spanId(1) }) };
            fail();
          },
        }),
      );
      const told = { code: wanted, message: "part is wrong", field: "part", hint: "mend it" };
      const silent = { code: wanted, field: undefined, hint: undefined };
      expect(await failureOf(client.getServices())).toMatchObject(wanted === "INTERNAL" ? silent : told);

      const chunks: TraceChunk[] = [];
      const reading = (async () => {
        for await (const chunk of client.getTraces([traceId(1)])) chunks.push(chunk);
      })();
      expect(await failureOf(reading)).toMatchObject({ code: wanted });
      expect(chunks.map((chunk) => chunk.traceId)).toEqual([traceId(1)]);
    },
  );

  it("say that no server listens, and succeed once one does", async () => {
    const store = openMemoryStore();
    const first = await startServer({ listen: "127.0.0.1:0", store });
    const client = connectSpanStore(first.address);
    open.push(store, client);
    expect(await client.getServices()).toEqual([]);
    await first.close();
    expect(await failureOf(client.getServices())).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await failureOf(client.health())).toMatchObject({ code: "STORE_UNAVAILABLE" });
    open.push(await startServer({ listen: first.address, store }));
    // How soon grpc-js tries again is its own affair.
    const answer = async (): Promise<string[]> => client.getServices().catch(answer);
    expect(await answer()).toEqual([]);
  });

  it("say which side finds a message too large", async () => {
    const store = openMemoryStore();
    const { client } = await connected(store, { maxReceiveMessageBytes: 1024 }, () => ({
      maxReceiveMessageBytes: 1024,
    }));
    const large = exportRequest({
      traceId: traceId(1),
      spanId: spanId(1),
      attributes: { a: "x".repeat(2000) },
    });
    expect(await failureOf(client.write(large))).toMatchObject({ code: "TOO_LARGE" });
    await store.write(large);
    expect(await failureOf(client.findTraces({}))).toMatchObject({ code: "TOO_LARGE" });
  });

  it("name the field of a query that the protocol cannot express", async () => {
    const { client } = await connected(openMemoryStore());
    const size = 2 ** 40;
    await client.write(exportRequest({ traceId: traceId(1), spanId: spanId(1) }));
    expect((await client.findTraceIds({ limit: size })).traces).toHaveLength(1);
    expect((await client.findTraceIds({ page: { size } })).traces).toHaveLength(1);
    expect((await client.findTraceIds({ minDurationNano: 2n ** 90n })).traces).toHaveLength(0);
    expect((await client.findTraceIds({ maxDurationNano: 2n ** 90n })).traces).toHaveLength(1);
    expect((await client.findTraceIds({ attributes: { n: 2n ** 70n } })).traces).toHaveLength(0);
    expect(await failureOf(client.findTraceIds({ minDurationNano: -(2n ** 90n) }))).toMatchObject({
      code: "INVALID_QUERY",
      field: "minDuration",
    });
  });
});

describe("a client's options", () => {
  it.each<[string, string, ConnectOptions]>([
    ["address", "", {}],
    ["metadata", "127.0.0.1:1", { metadata: { "no header": "x" } }],
    ["admin", "127.0.0.1:1", { admin: "127.0.0.1:17272" }],
    ["admin", "127.0.0.1:1", { admin: "localhost:17272" }],
  ])("are refused by name: %s", (field, address, options) => {
    try {
      connectSpanStore(address, options);
    } catch (error) {
      expect(error).toMatchObject({ code: "INVALID_OPTIONS", field });
      return;
    }
    throw new Error("the options were taken");
  });
});

/** A store with a trace of 200 chunks of a megabyte, of which it tells how many were asked for. */
function largeTrace() {
  const chunk: TraceChunk = {
    traceId: traceId(1),
    encoded: exportRequest({
      traceId: traceId(1),
      spanId: spanId(1),
      attributes: { a: "x".repeat(2 ** 20) },
    }),
  };
  let tellEnd: (reason: unknown) => void = () => {};
  const watch = {
    chunkCount: 200,
    asked: 0,
    /** Resolves with the reason of the call's signal. */
    end: new Promise<unknown>((resolve) => {
      tellEnd = resolve;
    }),
  };
  const store = storeWith({
    async *getTraces(_ids, options) {
      try {
        for (; watch.asked < watch.chunkCount; watch.asked++) yield chunk;
      } finally {
        tellEnd(options?.signal?.reason);
      }
    },
  });
  return { store, watch };
}

describe("a client's streams", () => {
  it("end the server's work when the loop is left", async () => {
    const { store, watch } = largeTrace();
    const { client } = await connected(store);
    for await (const _ of client.getTraces([traceId(1)])) break;
    expect(await watch.end).toMatchObject({ name: "AbortError" });
    expect(watch.asked).toBeLessThan(watch.chunkCount);
  });

  it("end with ABORTED, and end the server's work, when the signal fires", async () => {
    const { store, watch } = largeTrace();
    const { client } = await connected(store);
    const abort = new AbortController();
    const chunks = client.getTraces([traceId(1)], { signal: abort.signal })[Symbol.asyncIterator]();
    await chunks.next();
    abort.abort(new Error("enough"));
    // Nobody has to read on for the server to hear of it.
    expect(await watch.end).toMatchObject({ name: "AbortError" });
    expect(await failureOf(chunks.next())).toMatchObject({ code: "ABORTED" });
  });

  it("end with STORE_CLOSED, and end the server's work, when the client closes", async () => {
    const { store, watch } = largeTrace();
    const { client } = await connected(store);
    const chunks = client.getTraces([traceId(1)])[Symbol.asyncIterator]();
    await chunks.next();
    await client.close();
    expect(await watch.end).toMatchObject({ name: "AbortError" });
    expect(await failureOf(chunks.next())).toMatchObject({ code: "STORE_CLOSED" });
  });

  it("take no more than a few messages ahead of a reader that pauses", async () => {
    const { store, watch } = largeTrace();
    const { client } = await connected(store);
    const chunks = client.getTraces([traceId(1)])[Symbol.asyncIterator]();
    await chunks.next();
    // Every round trip gives both sides a turn in which they could go on.
    for (let i = 0; i < 200; i++) await client.getServices();
    expect(watch.asked).toBeLessThan(40);
    let read = 1;
    while (!(await chunks.next()).done) read++;
    expect(read).toBe(watch.chunkCount);
  });

  it("of a trace cut by its limit are not read to the end when nothing can follow", async () => {
    const { store, watch } = largeTrace();
    const { client } = await connected(store);
    const chunks = await all(client.getTraces([traceId(1)], { spanLimit: 2 }));
    expect(chunks.map(({ truncated }) => truncated)).toEqual([undefined, true]);
    await watch.end;
    expect(watch.asked).toBeLessThan(40);
  });
});

describe("a client's calls", () => {
  it("end with ABORTED, and end the server's work, when the signal fires", async () => {
    let begun: () => void = () => {};
    let fired: (reason: unknown) => void = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const hasFired = new Promise<unknown>((resolve) => {
      fired = resolve;
    });
    const { client } = await connected(
      storeWith({
        getServices: (options) =>
          new Promise((_resolve, reject) => {
            options?.signal?.addEventListener("abort", () => {
              fired(options.signal?.reason);
              reject(options.signal?.reason);
            });
            begun();
          }),
      }),
    );
    const abort = new AbortController();
    const failure = failureOf(client.getServices({ signal: abort.signal }));
    await hasBegun;
    abort.abort();
    expect(await failure).toMatchObject({ code: "ABORTED" });
    expect(await hasFired).toMatchObject({ name: "AbortError" });
  });

  it("report the rejected spans of a write, and send the request unchanged", async () => {
    let sent: Uint8Array = new Uint8Array(0);
    const { client } = await connected(
      storeWith({
        write: async (traces) => {
          sent = Uint8Array.from(traces as Uint8Array);
          return { accepted: 0, rejected: [] };
        },
      }),
    );
    const request = exportRequest(
      { traceId: traceId(1), spanId: spanId(1) },
      { traceId: "abcd", spanId: spanId(2) },
    );
    const { accepted, rejected } = await client.write(request);
    expect(accepted).toBe(1);
    expect(rejected).toEqual([{ encoded: expect.any(Uint8Array), reason: expect.stringContaining("trace") }]);
    expect(Buffer.from(sent).equals(request)).toBe(true);
    await client.write(decodeTraces(exportRequest({ traceId: traceId(7), spanId: spanId(1) })));
    expect(encodeTraces(decodeTraces(sent))).toEqual(Uint8Array.from(sent));
  });

  it("report the number of further spans that the server rejects, and why", async () => {
    const { client } = await connected(openMemoryStore(), {
      spanLimits: { spanBytes: 10_000, nameBytes: 100, valueBytes: 100, attributes: 10 },
    });
    const long = (n: number) => ({ traceId: traceId(n), spanId: spanId(n), name: "n".repeat(100 + n) });
    const { accepted, rejected } = await client.write(
      exportRequest(
        { traceId: traceId(1), spanId: spanId(1) },
        { traceId: "abcd", spanId: spanId(2) },
        ...[3, 4, 5, 6, 7].map(long),
      ),
    );
    const reason =
      [3, 4, 5].map((n) => `span.name has ${100 + n} bytes, and at most 100 are allowed`).join("; ") +
      "; and 3 more reasons";
    expect({ accepted, rejected }).toEqual({
      accepted: 1,
      rejected: [
        { encoded: expect.any(Uint8Array), reason: "a trace id of 2 bytes instead of 16" },
        ...new Array(5).fill({ encoded: new Uint8Array(0), reason }),
      ],
    });
  });

  it("lose no page of findTraces whose traces were deleted meanwhile", async () => {
    const store = openMemoryStore();
    const { client } = await connected({
      ...store,
      findTraceIds: async (query) =>
        query.page?.token === undefined
          ? {
              traces: [{ traceId: traceId(9), startTimeUnixNano: 1n, endTimeUnixNano: 1n }],
              nextPageToken: "next",
            }
          : { traces: [{ traceId: traceId(1), startTimeUnixNano: 1n, endTimeUnixNano: 1n }] },
    });
    await store.write(exportRequest({ traceId: traceId(1), spanId: spanId(1) }));
    const chunks = await all(client.findTraces({ page: { size: 1 } }));
    expect(chunks.map((chunk) => [chunk.traceId, chunk.nextPageToken])).toEqual([[traceId(1), undefined]]);
  });
});

describe("what storage.v2 has no calls for", () => {
  it("needs an admin port", async () => {
    const { client } = await connected(openMemoryStore());
    const hint = expect.stringContaining("admin");
    for (const call of [client.purge, () => client.deleteBefore(1n), client.stats]) {
      expect(await failureOf(call())).toMatchObject({ code: "UNSUPPORTED", hint });
    }
  });

  it("needs the server's leave, but for the size", async () => {
    const { client } = await connected(openMemoryStore(), { admin: "127.0.0.1:0" }, withAdmin);
    const hint = expect.stringContaining("--allow-purge");
    for (const call of [client.purge, () => client.deleteBefore(1n)]) {
      expect(await failureOf(call())).toMatchObject({ code: "UNSUPPORTED", hint });
    }
    await client.write(exportRequest({ traceId: traceId(1), spanId: spanId(1) }));
    expect((await client.stats()).bytes).toBeGreaterThan(0);
  });

  it("fails as the store does", async () => {
    const unavailable = async () => {
      throw new SpanStoreError("STORE_UNAVAILABLE", "the disk is gone");
    };
    const store = storeWith({
      purge: unavailable,
      stats: unavailable,
      deleteBefore: async () => {
        throw new Error("a defect");
      },
    });
    const { client, server } = await connected(store, { admin: "127.0.0.1:0", allowPurge: true }, withAdmin);
    expect(await failureOf(client.purge())).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await failureOf(client.stats())).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await failureOf(client.deleteBefore(1n))).toMatchObject({ code: "INTERNAL" });
    await server.close();
    expect(await failureOf(client.purge())).toMatchObject({ code: "STORE_UNAVAILABLE" });
  });

  it("fails at a URL that is no admin port", async () => {
    const other = await startServer({
      listen: "127.0.0.1:0",
      admin: "127.0.0.1:0",
      store: openMemoryStore(),
    });
    open.push(other);
    const client = connectSpanStore(other.address, { admin: `http://${other.adminAddress}/elsewhere` });
    open.push(client);
    expect(await failureOf(client.purge())).toMatchObject({ code: "UNSUPPORTED" });
  });
});

describe("a client's health", () => {
  it("is that of the store behind the server", async () => {
    let isWell = true;
    const health = async () => {
      if (!isWell) throw new SpanStoreError("STORE_UNAVAILABLE", "the disk is full");
    };
    const { client } = await connected(storeWith({ health }));
    await client.health();
    isWell = false;
    expect(await failureOf(client.health())).toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});

describe("closing a client", () => {
  it("closes its connection, once", async () => {
    const { client, sockets } = await behindProxy();
    await client.getServices();
    const [socket] = sockets as [Socket];
    const gone = once(socket, "close");
    await Promise.all([client.close(), client.close()]);
    await gone;
    expect(sockets).toHaveLength(1);
    expect(await failureOf(client.getServices())).toMatchObject({ code: "STORE_CLOSED" });
  });
});

/** A client with the connections that it makes to a server over memory. */
async function behindProxy() {
  const store = openMemoryStore();
  const server = await startServer({ listen: "127.0.0.1:0", store });
  const sockets: Socket[] = [];
  const [host = "", port] = server.address.split(":");
  const proxy = createServer((socket) => {
    sockets.push(socket);
    const onward = connectTcp(Number(port), host);
    for (const each of [socket, onward]) each.on("error", () => {});
    socket.pipe(onward).pipe(socket);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  const client = connectSpanStore(`127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
  const closeProxy = () => new Promise<void>((resolve) => proxy.close(() => resolve()));
  open.push(store, server, { close: closeProxy }, client);
  return { client, sockets };
}
