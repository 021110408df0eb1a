import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { connectSpanStore } from "@spanstore/client";
import {
  decodeTraces,
  openMemoryStore,
  type SpanStore,
  SpanStoreError,
  type TraceQuery,
  type TracesData,
} from "@spanstore/core";
import { allCapabilities } from "@spanstore/core/engine";
import { encodeTraces, tracesToJson } from "@spanstore/core/otlp";
import { tracesData } from "@spanstore/core/testing";
import { formatCount } from "@spanstore/core/text";
import { startServer } from "@spanstore/grpc-server";
import { openSqliteStore } from "@spanstore/sqlite";
import fc from "fast-check";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { exportRequest, spanId, traceId } from "../../grpc-server/test/harness.js";
import { walkTraces } from "../src/export/walk-traces.js";
import { cli, program } from "./cli.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-transfer-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Programs are started, which takes its time on a machine that does much else. */
const slow = { timeout: 120_000 };

let files = 0;
const newFile = (ending: string): string => join(folder, `${++files}${ending}`);

/** A server over a memory store, at an address for --server. */
async function served(): Promise<{ store: SpanStore; address: string }> {
  const store = openMemoryStore();
  const server = await startServer({ store, listen: "127.0.0.1:0" });
  onTestFinished(async () => {
    await server.close();
    await store.close();
  });
  return { store, address: server.address };
}

async function sqliteOf(...requests: readonly Uint8Array[]): Promise<string> {
  const path = newFile(".sqlite");
  const store = await openSqliteStore({ path });
  for (const request of requests) await store.write(request);
  await store.close();
  return path;
}

/** Every span with its resource and scope, as text, sorted. */
async function contentOf(store: SpanStore): Promise<string[]> {
  const spans: string[] = [];
  for (let token: string | undefined = ""; token !== undefined; ) {
    const page = store.findSpans({ page: { size: 1000, token } });
    token = undefined;
    for await (const { encoded, nextPageToken } of page) {
      spans.push(...spansOf(decodeTraces(encoded)));
      token = nextPageToken;
    }
  }
  return spans.sort();
}

function spansOf(traces: TracesData): string[] {
  return traces.resourceSpans.flatMap(({ scopeSpans, ...ofResource }) =>
    scopeSpans.flatMap(({ spans, ...ofScope }) =>
      spans.map((span) =>
        JSON.stringify(
          tracesToJson({ resourceSpans: [{ ...ofResource, scopeSpans: [{ ...ofScope, spans: [span] }] }] }),
        ),
      ),
    ),
  );
}

async function contentOfFile(path: string): Promise<string[]> {
  const store = await openSqliteStore({ path });
  try {
    return await contentOf(store);
  } finally {
    await store.close();
  }
}

const lines = (count: number, from = 1): string =>
  Array.from(
    { length: count },
    (_, i) => `${JSON.stringify(tracesToJson(decodeTraces(oneSpan(from + i))))}\n`,
  ).join("");

const oneSpan = (n: number): Buffer =>
  exportRequest({ traceId: traceId(n), spanId: spanId(n), service: `s${n}` });

describe("export and import", slow, () => {
  it("reports spans that the server rejects for its own limits, and exits with 1", async () => {
    const store = openMemoryStore();
    const server = await startServer({
      store,
      listen: "127.0.0.1:0",
      spanLimits: { spanBytes: 10_000, nameBytes: 20, valueBytes: 1000, attributes: 100 },
    });
    onTestFinished(() => server.close());
    const long = exportRequest(
      ...[1, 2].map((n) => ({ traceId: traceId(n), spanId: spanId(n), name: "n".repeat(21) })),
    );
    const input = lines(3, 10) + JSON.stringify(tracesToJson(decodeTraces(long)));
    for (const flags of [[], ["--duplicates=keep"]]) {
      const { code, errors } = await cli(["import", `--server=${server.address}`, ...flags, "-"], { input });
      expect([code, errors]).toEqual([
        1,
        [
          "spanstore: 2 spans cannot be stored: span.name has 21 bytes, and at most 20 are allowed",
          expect.stringMatching(/^spanstore: imported 3 spans, .*; 2 that cannot be stored$/),
        ],
      ]);
    }
  });

  it("carry any OTLP from SQLite to a server and back without a difference", async () => {
    const seed = Date.now() % 2 ** 31;
    const samples = fc.sample(tracesData, { numRuns: 150, seed });
    const from = await sqliteOf(...samples.map(encodeTraces));
    const expected = await contentOfFile(from);
    expect(expected.length).toBeGreaterThan(200);
    const file = newFile(".jsonl.gz");
    expect(await cli(["export", `--sqlite.path=${from}`, file])).toMatchObject({ code: 0 });
    const { store, address } = await served();
    expect(await cli(["import", `--server=${address}`, file]), `seed ${seed}`).toMatchObject({
      code: 0,
      errors: [expect.stringContaining(`imported ${formatCount(expected.length)} span`)],
    });
    expect(await contentOf(store), `seed ${seed}`).toEqual(expected);

    const back = await cli(["export", `--server=${address}`]);
    const to = newFile(".sqlite");
    const imported = await cli(["import", "-", `--sqlite.path=${to}`], { input: back.output });
    expect(imported.errors.join()).toMatch(new RegExp(`imported ${formatCount(expected.length)} spans`));
    expect(await contentOfFile(to), `seed ${seed}`).toEqual(expected);
    expect(gunzipSync(readFileSync(file)).toString()).toContain('{"resourceSpans":');
  });

  it("write each matching trace once, with any number of pages", async () => {
    const count = 1234;
    const requests = Array.from({ length: count }, (_, i) => oneSpan(i + 1));
    const path = await sqliteOf(
      Buffer.concat(requests),
      oneSpan(5),
      exportRequest({ traceId: traceId(5), spanId: spanId(5000) }),
    );
    const all = await program(["export", `--sqlite.path=${path}`]);
    expect(all.errors).toEqual([expect.stringMatching(/exported 1,234 traces, 1,235 spans, /)]);
    const ids = all.output
      .trim()
      .split("\n")
      .flatMap((line) => line.match(/"traceId":"[0-9a-f]+"/) ?? []);
    expect(new Set(ids).size).toBe(count);
    const some = await cli(["export", `--sqlite.path=${path}`, "--service=s7", "--format=jaeger"]);
    expect(JSON.parse(some.output)).toMatchObject({ data: [{ spans: [{ processID: "p1" }] }] });
    const newest = await cli(["export", `--sqlite.path=${path}`, "--limit=700"]);
    expect(newest.errors.join()).toContain("exported 700 traces");
    const none = await cli(["export", `--sqlite.path=${path}`, "--service=no", "--format=jaeger"]);
    expect(JSON.parse(none.output)).toEqual({ data: [], total: 0, limit: 0, offset: 0, errors: null });
  });

  it("carry traces as Jaeger's JSON", async () => {
    const from = await sqliteOf(
      exportRequest(
        {
          traceId: traceId(1),
          spanId: spanId(1),
          service: "a",
          attributes: { n: 9_007_199_254_740_993n, t: "x" },
        },
        { traceId: traceId(1), spanId: spanId(2), parentSpanId: spanId(1), service: "b" },
        { traceId: traceId(2), spanId: spanId(3), service: "a" },
      ),
    );
    const file = newFile(".json");
    await cli(["export", `--sqlite.path=${from}`, "--format=jaeger", file]);
    const to = newFile(".sqlite");
    expect(await cli(["import", file, `--sqlite.path=${to}`])).toMatchObject({ code: 0 });
    expect(await contentOfFile(to)).toEqual(await contentOfFile(from));
    const again = await cli(["export", `--sqlite.path=${to}`, "--format=jaeger"]);
    expect(again.output).toBe(readFileSync(file, "utf8"));
  });

  it("read answers of Jaeger's /api/v3, and a single trace", async () => {
    const path = newFile(".sqlite");
    const answer = `{"result":${lines(1).trimEnd()}}`;
    const single = {
      traceID: "ff",
      spanID: "1",
      operationName: "o",
      startTime: 1,
      duration: 1,
      processID: "p1",
    };
    const trace = { traceID: "ff", spans: [single], processes: { p1: { serviceName: "one" } } };
    const inputs = [
      answer,
      JSON.stringify(trace, null, 2),
      JSON.stringify([trace]),
      '{"data":null,"errors":null}',
      "{}\n",
    ];
    for (const input of inputs) {
      expect(await cli(["import", "-", `--sqlite.path=${path}`], { input })).toMatchObject({ code: 0 });
    }
    expect(await contentOfFile(path)).toHaveLength(2);
    const failed = '{"data":null,"errors":[{"code":404,"msg":"trace not found"}]}';
    const { code, errors } = await cli(["import", "-", `--sqlite.path=${path}`], { input: failed });
    expect([code, errors.join()]).toEqual([1, expect.stringContaining("trace not found")]);
  });

  it("keep nothing twice when they are repeated", async () => {
    const path = newFile(".sqlite");
    const input = lines(3000);
    const first = await cli(["import", "-", `--sqlite.path=${path}`], { input });
    expect(first.errors.join()).toContain("imported 3,000 spans");
    const store = await openSqliteStore({ path });
    const { bytes } = await store.stats();
    await program(["import", "-", `--sqlite.path=${path}`], { input: gzipSync(input) });
    expect((await contentOf(store)).length).toBe(3000);
    expect((await store.stats()).bytes).toBe(bytes);
    await store.close();
  });

  it("share SQLite's file with a running server that writes", async () => {
    const path = newFile(".sqlite");
    const store = await openSqliteStore({ path });
    const server = await startServer({ store, listen: "127.0.0.1:0" });
    const client = connectSpanStore(server.address);
    onTestFinished(async () => {
      await client.close();
      await server.close();
      await store.close();
    });
    await client.write(oneSpan(1));
    let ended = false;
    const importing = program(["import", "-", `--sqlite.path=${path}`], {
      input: lines(3000, 100_000),
    }).finally(() => {
      ended = true;
    });
    let written = 1;
    while (!ended) await client.write(oneSpan(++written));
    expect(await importing).toMatchObject({ code: 0 });
    expect(await contentOf(store)).toHaveLength(written + 3000);
    const exported = await cli(["export", `--sqlite.path=${path}`]);
    expect(exported.errors.join()).toContain(`${formatCount(written + 3000)} spans`);
  });

  it("hold one part of a large file at a time", async () => {
    const path = newFile(".jsonl");
    const line = lines(1).slice(0, -1);
    const padded = line.replace('"name":"GET /"', `"name":"${"x".repeat(20_000)}"`);
    expect(padded.length).toBeGreaterThan(20_000);
    // One document of 80 MB on one line, its spans in one list.
    const element = JSON.stringify((JSON.parse(padded) as { resourceSpans: object[] }).resourceSpans[0]);
    const elements = Array.from({ length: 4_000 }, (_, i) => element.replace(spanId(1), spanId(i + 1)));
    expect(new Set(elements).size).toBe(4_000);
    writeFileSync(path, `{"resourceSpans":[${elements.join(",")}]}`);
    const store = newFile(".sqlite");
    const ended = await program(["import", path, `--sqlite.path=${store}`], {
      node: ["--max-old-space-size=48"],
    });
    expect(ended).toMatchObject({ code: 0, errors: [expect.stringContaining("imported 4,000 spans")] });
  });
});

describe("import", slow, () => {
  const bad = [
    '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"12"}]}]}]}',
    '{"resourceMetrics":[{}]}',
    '{"resourceSpans":[{"scope',
    "[1, 2",
    '{"a":1}',
  ];

  it("stops at an unreadable part, and names its position", async () => {
    for (const [line, reason] of [
      [bad[0], 'traceId: "12" is not 32 hex digits'],
      [bad[2], "the line ends within a string"],
      [bad[4], "it holds a, and neither OTLP's resourceSpans nor the spans of Jaeger or Zipkin"],
    ] as const) {
      const path = newFile(".sqlite");
      const { code, errors } = await cli(["import", "-", `--sqlite.path=${path}`], {
        input: `${lines(2)}${line}\n${lines(1, 9)}`,
      });
      expect([code, errors]).toEqual([
        1,
        [
          expect.stringMatching(/^spanstore: imported 2 spans, /),
          expect.stringMatching(/^spanstore: standard input:3: /),
        ],
      ]);
      expect(errors[1]).toContain(reason);
      expect(await contentOfFile(path)).toHaveLength(2);
    }
  });

  it("skips and counts unreadable parts with --continue", async () => {
    const path = newFile(".sqlite");
    const input = `${lines(2)}${bad.join("\n")}\n${lines(3, 9)}`;
    const { code, errors } = await cli(["import", "-", "--continue", `--sqlite.path=${path}`], { input });
    expect(code).toBe(1);
    expect([...new Set(errors.flatMap((line) => /input:(\d+)/.exec(line)?.[1] ?? []))]).toEqual([
      "3",
      "5",
      "6",
      "7",
    ]);
    expect(errors.at(-1)).toMatch(
      /imported 5 spans, .*; 6 faults passed over, with 1 span or more; no traces, and left out: 1 resourceMetrics$/,
    );
    expect(await contentOfFile(path)).toHaveLength(5);
  });

  it("keeps the good spans beside a bad one", async () => {
    const two = decodeTraces(Buffer.concat([oneSpan(1), oneSpan(2)])).resourceSpans.flatMap(
      ({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans),
    );
    const [first, second] = spansOf({ resourceSpans: [{ scopeSpans: [{ spans: two }] }] }).map(
      (text) => /"spans":\[(.*?)\]\}\]/.exec(text)?.[1],
    );
    const input = `{"resourceSpans": [{"scopeSpans": [{"spans": [\n${first},\n{"traceId": "12"},\n${second}]}]}]}`;
    const path = newFile(".sqlite");
    const { errors } = await cli(["import", "-", "--continue", `--sqlite.path=${path}`], { input });
    expect(errors.at(-1)).toMatch(/imported 2 spans, .*; 1 fault passed over, with 1 span or more$/);
  });

  it("writes nothing with --dry-run", async () => {
    const path = newFile(".sqlite");
    const { code, errors } = await cli(["import", "-", "--dry-run", `--sqlite.path=${path}`], {
      input: lines(4),
    });
    expect([code, errors]).toEqual([0, [expect.stringContaining("read 4 spans, ")]]);
    expect(existsSync(path)).toBe(false);
  });

  it("waits for a store that is overloaded or away, and loses nothing", async () => {
    const inner = openMemoryStore();
    let calls = 0;
    const store: SpanStore = {
      ...inner,
      write: async (traces, options) => {
        calls++;
        if (calls === 1) throw new SpanStoreError("OVERLOADED", "too much at once");
        const result = await inner.write(traces, options);
        // Kept, and not acknowledged.
        if (calls === 3) throw new SpanStoreError("STORE_UNAVAILABLE", "gone");
        return result;
      },
    };
    const server = await startServer({ store, listen: "127.0.0.1:0" });
    onTestFinished(async () => {
      await server.close();
      await inner.close();
    });
    const { code, errors } = await cli(["import", "-", `--server=${server.address}`], { input: lines(5000) });
    expect([code, errors.at(-1)]).toEqual([0, expect.stringContaining("imported 5,000 spans")]);
    expect(errors.join()).toContain("waiting for the store: ");
    expect(await contentOf(inner)).toHaveLength(5000);
  });

  it("ends cleanly at Ctrl-C, and keeps the spans read so far", async () => {
    const { store, address } = await served();
    let signalled = false;
    const ended = await new Promise<Awaited<ReturnType<typeof program>>>((resolve, reject) => {
      program(["import", "-", `--server=${address}`, "--progress"], {
        input: lines(20_000),
        started: (child) => {
          // It reads on and on; the signal comes when the server has the first spans.
          const look = async (): Promise<void> => {
            while (!signalled && child.exitCode === null) {
              if ((await store.getServices()).length > 0) {
                signalled = true;
                child.kill("SIGINT");
              }
              await new Promise((next) => setImmediate(next));
            }
          };
          look().catch(reject);
        },
      }).then(resolve, reject);
    });
    expect(signalled).toBe(true);
    expect([0, 130]).toContain(ended.code);
    const kept = await contentOf(store);
    const told = /imported ([\d,]+) span/.exec(ended.errors.join("\n"))?.[1]?.replaceAll(",", "");
    expect(kept.length).toBeGreaterThanOrEqual(Number(told));
  });
});

describe("the walk over all traces", () => {
  const ms = 1_000_000n;
  /** Spans of 2,000 traces, several of a trace far from each other, many starting at once. */
  const requests = Array.from({ length: 2000 }, (_, i) =>
    exportRequest(
      { traceId: traceId(i + 1), spanId: spanId(1), start: 1_700_000_000_000_000_000n + BigInt(i % 40) * ms },
      { traceId: traceId(i + 1), spanId: spanId(2), start: 1_700_000_000_000_000_000n + BigInt(i * i) * ms },
    ),
  );

  async function idsOf(store: SpanStore, query: TraceQuery, limit?: number): Promise<string[]> {
    const found: string[] = [];
    for await (const chunk of walkTraces(store, query, { signal: new AbortController().signal, limit })) {
      found.push(chunk.traceId);
    }
    return found;
  }

  it("gives each once, from a server with pages and from one without", async () => {
    await using store = openMemoryStore();
    await store.write(Buffer.concat(requests));
    const withoutPages: SpanStore = {
      ...store,
      capabilities: async () => ({ ...allCapabilities, paginated: false }),
      findTraceIds: (query, options) => {
        if (query.page !== undefined) throw new Error("there are no pages");
        return store.findTraceIds(query, options);
      },
    };
    for (const range of [
      {},
      {
        startTimeMinUnixNano: 1_700_000_000_000_000_000n + 20n * ms,
        startTimeMaxUnixNano: 1_700_000_001_000_000_000n,
      },
    ]) {
      const all = await idsOf(store, range);
      expect(new Set(all).size).toBe(all.length);
      expect(all.length).toBeGreaterThan(900);
      const others = await idsOf(withoutPages, range);
      expect(others.length).toBe(all.length);
      expect([...others].sort()).toEqual([...all].sort());
    }
    expect(await idsOf(store, {}, 700)).toHaveLength(700);
    expect(await idsOf(withoutPages, {}, 700)).toHaveLength(700);
  });
});

describe("export", slow, () => {
  it("leaves no unfinished file behind", async () => {
    const { address } = await served();
    const file = newFile(".jsonl");
    const { code } = await cli(["export", `--server=${address}`, "--tag=nothing", file]);
    expect(code).toBe(2);
    const wrong = await cli(["export", "--server=127.0.0.1:1", file]);
    expect(wrong.code).toBe(1);
    expect([existsSync(file), existsSync(`${file}.part`)]).toEqual([false, false]);
  });

  it("replaces an existing file only with --force", async () => {
    const path = await sqliteOf(oneSpan(1));
    const file = newFile(".jsonl");
    writeFileSync(file, "mine");
    const kept = await cli(["export", `--sqlite.path=${path}`, file]);
    expect([kept.code, kept.errors, readFileSync(file, "utf8")]).toEqual([
      1,
      [`spanstore: ${file} is there already (name another file, or replace it with --force)`],
      "mine",
    ]);
    expect((await cli(["export", "--force", `--sqlite.path=${path}`, file])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toContain("resourceSpans");
    for (const [where, reason] of [
      [folder, `${folder} is a folder`],
      [join(folder, "no", "file"), "there is no such folder"],
    ] as const) {
      const { code, errors } = await cli(["export", `--sqlite.path=${path}`, where]);
      expect([code, errors.join()]).toEqual([1, expect.stringContaining(reason)]);
    }
    // A device is written to under its own name.
    expect((await cli(["export", `--sqlite.path=${path}`, "/dev/null"])).code).toBe(0);
  });

  it("ends quietly when the reader leaves", async () => {
    const big = exportRequest(
      ...Array.from({ length: 400 }, (_, i) => ({
        traceId: traceId(i + 1),
        spanId: spanId(1),
        attributes: { t: "x".repeat(10_000) },
      })),
    );
    const path = await sqliteOf(big);
    const { code, errors } = await program(["export", `--sqlite.path=${path}`], {
      started: ({ stdout }) => stdout?.once("data", () => stdout.destroy()),
    });
    expect([code, errors]).toEqual([0, []]);
  });
});
