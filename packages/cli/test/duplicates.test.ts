import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeTraces, openMemoryStore, type SpanStore } from "@spanstore/core";
import { encodeTraces, tracesToJson } from "@spanstore/core/otlp";
import { tracesData } from "@spanstore/core/testing";
import { startServer } from "@spanstore/grpc-server";
import fc from "fast-check";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { exportRequest, spanId, traceId } from "../../grpc-server/test/harness.js";
import { createFormatter } from "../src/export/trace-formats.js";
import { walkTraces } from "../src/export/walk-traces.js";
import { skipDuplicates } from "../src/import/duplicates/skip-duplicates.js";
import { jsonPieces } from "../src/import/json/pieces.js";
import { readPiece } from "../src/import/spans/read-piece.js";
import { createSpanWriter } from "../src/transfer/write-spans.js";
import { cli } from "./cli.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-duplicates-"));
afterAll(() => rmSync(folder, { recursive: true }));
const slow = { timeout: 120_000 };
const { signal } = new AbortController();

/** Writes the parts one after the other, and counts what is new and what is skipped. */
async function written(
  store: SpanStore,
  parts: readonly Uint8Array[],
  most?: number,
): Promise<{ stored: number; skipped: number }> {
  let stored = 0;
  let skipped = 0;
  const plain = createSpanWriter(store, {
    signal,
    written: (spans) => {
      stored += spans;
    },
    rejected: (spans) => {
      throw new Error(spans[0]?.reason);
    },
    waiting: (reason) => {
      throw new Error(reason);
    },
  });
  const writer = skipDuplicates(store, plain, {
    signal,
    skipped: (spans) => {
      skipped += spans;
    },
    waiting: (error) => {
      throw error;
    },
    ...(most === undefined ? {} : { most }),
  });
  for (const part of parts) {
    const count = decodeTraces(part).resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans),
    ).length;
    await writer.add(part, count);
  }
  await writer.finish();
  return { stored, skipped };
}

/** The store's traces as Jaeger's JSON, and read back from it. */
async function asJaegerJson(store: SpanStore): Promise<Uint8Array[]> {
  const formatter = createFormatter("jaeger");
  let text = "";
  for await (const chunk of walkTraces(store, {}, { signal })) text += formatter.chunk(chunk).text;
  text += formatter.end();
  const parts: Uint8Array[] = [];
  for await (const piece of jsonPieces([Buffer.from(text)])) {
    for (const read of "text" in piece ? readPiece(piece) : []) {
      if ("error" in read) throw read.error;
      if ("encoded" in read) parts.push(read.encoded);
    }
  }
  return parts;
}

const span = (n: number, more: object = {}) => ({
  traceId: traceId(1),
  spanId: spanId(n),
  name: "op",
  service: "shop",
  start: 1_700_000_000_000_000_123n,
  ...more,
});

describe("spans that the store has already", () => {
  it("are recognized by exactly trace id, span id, start, name and service", async () => {
    await using store = openMemoryStore();
    await store.write(exportRequest(span(1)));
    const same = [
      span(1),
      span(1, { attributes: { k: "other" }, end: 1_800_000_000_000_000_000n, kind: 5 }),
      span(1, { start: 1_700_000_000_000_000_000n }),
    ];
    expect(
      await written(
        store,
        same.map((each) => exportRequest(each)),
      ),
    ).toEqual({ stored: 0, skipped: 3 });
    const others = [
      span(2),
      span(1, { traceId: traceId(2) }),
      span(1, { name: "other" }),
      span(1, { service: "other" }),
      span(1, { start: 1_700_000_000_000_000_124n }),
      span(1, { start: 1_700_000_000_000_001_000n }),
    ];
    expect(
      await written(
        store,
        others.map((each) => exportRequest(each)),
      ),
    ).toEqual({ stored: 6, skipped: 0 });
    // A start of whole microseconds in the store stands for any within it.
    expect(await written(store, [exportRequest(span(1, { start: 1_700_000_000_000_001_999n }))])).toEqual({
      stored: 0,
      skipped: 1,
    });
  });

  it("are all that Jaeger's JSON of any store brings", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tracesData, { minLength: 1, maxLength: 5 }), async (all) => {
        await using store = openMemoryStore();
        // Jaeger's times are signed, and its JSON has no zero ids.
        const usual = all.map((traces) => ({
          resourceSpans: traces.resourceSpans.map((each) => ({
            ...each,
            scopeSpans: each.scopeSpans.map((scope) => ({
              ...scope,
              spans: scope.spans
                .filter(({ traceId: id, spanId: own }) => !/^0*$/.test(id) && !/^0*$/.test(own))
                .map((each) => ({
                  ...each,
                  startTimeUnixNano: BigInt.asUintN(60, each.startTimeUnixNano),
                  endTimeUnixNano: BigInt.asUintN(60, each.endTimeUnixNano),
                })),
            })),
          })),
        }));
        for (const traces of usual) await store.write(encodeTraces(traces));
        const json = await asJaegerJson(store);
        expect(await written(store, json)).toEqual({ stored: 0, skipped: json.length });
      }),
      { numRuns: 60 },
    );
  });

  it("are those of the same import, too, and however few can be remembered", async () => {
    for (const most of [1, 10, 3000, 200_000]) {
      await using store = openMemoryStore();
      const all = Array.from({ length: 9_000 }, (_, i) =>
        exportRequest(span(i + 1, { traceId: traceId(1 + (i % 3)), name: `op${i}` })),
      );
      expect(await written(store, [...all, ...all], most), String(most)).toEqual({
        stored: 9_000,
        skipped: 9_000,
      });
    }
  });

  it("leave malformed ones to the store", async () => {
    await using store = openMemoryStore();
    const rejected: string[] = [];
    const plain = createSpanWriter(store, {
      signal,
      written: () => undefined,
      rejected: (spans) => rejected.push(...spans.map(({ reason }) => reason)),
      waiting: () => undefined,
    });
    const writer = skipDuplicates(store, plain, {
      signal,
      skipped: () => expect.fail(),
      waiting: () => undefined,
    });
    // A span whose name is no text, and one whose id has one byte.
    await writer.add(Buffer.from("0a061204120228010a071205120312017f", "hex"), 2);
    await writer.finish();
    expect(rejected).toHaveLength(2);
  });
});

describe("import", slow, () => {
  it("skips and counts them, and keeps them on request", async () => {
    const path = join(folder, "spans.sqlite");
    const store = `--sqlite.path=${path}`;
    const spans = Array.from({ length: 13 }, (_, i) => span(i + 1, { attributes: { list: BigInt(i) } }));
    const otlp = join(folder, "spans.jsonl");
    writeFileSync(otlp, JSON.stringify(tracesToJson(decodeTraces(exportRequest(...spans)))));
    const jaeger = join(folder, "spans.json");
    await cli(["import", otlp, store]);
    await cli(["export", "--format=jaeger", jaeger, store]);
    const count = async (): Promise<number> => {
      const { output } = await cli(["search", store, "--json"]);
      return (JSON.parse(output) as { spanCount: number }).spanCount;
    };
    for (const file of [otlp, jaeger]) {
      const again = await cli(["import", file, store]);
      expect([again.code, again.errors]).toEqual([
        0,
        [expect.stringMatching(/imported 0 spans, .*; 13 spans skipped, which the store has already$/)],
      ]);
    }
    expect(await count()).toBe(13);
    const kept = await cli(["import", "--duplicates=keep", jaeger, store]);
    expect(kept.errors.join()).toMatch(/imported 13 spans, [^;]*$/);
    expect(await count()).toBe(26);
    expect((await cli(["import", "--duplicates=some", jaeger, store])).errors[0]).toBe(
      'spanstore: --duplicates: must be skip or keep, not "some"',
    );
  });

  it("advises a caller who may not read", async () => {
    const store = openMemoryStore();
    const token = "0123456789abcdef0123";
    const server = await startServer({ store, listen: "127.0.0.1:0", auth: { tokens: [`write:${token}`] } });
    onTestFinished(async () => {
      await server.close();
      await store.close();
    });
    const file = join(folder, "one.jsonl");
    writeFileSync(file, JSON.stringify(tracesToJson(decodeTraces(exportRequest(span(1))))));
    const environment = { SPANSTORE_SERVER_TOKEN: token };
    const refused = await cli(["import", file, `--server=${server.address}`], { environment });
    expect([refused.code, refused.errors.at(-1)]).toEqual([1, expect.stringContaining("--duplicates=keep")]);
    const kept = await cli(["import", "--duplicates=keep", file, `--server=${server.address}`], {
      environment,
    });
    expect([kept.code, kept.errors.join()]).toEqual([0, expect.stringContaining("imported 1 span")]);
  });
});
