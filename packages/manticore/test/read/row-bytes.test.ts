import type { Fragment } from "@spanstore/core/engine";
import { encodeTraces } from "@spanstore/core/otlp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient, type Row } from "../../src/connection/client.js";
import { openEngine } from "../../src/engine.js";
import { checkOptions } from "../../src/options.js";
import { createRowBytes, wholeRows } from "../../src/read/row-bytes.js";
import { defaultTuning } from "../../src/schema/tuning.js";
import { ofShop, span } from "../one-span.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

const rowOf = (bytes: number | null): Row =>
  ["1", "2", "3", bytes === null ? null : Buffer.alloc(bytes)] as unknown as Row;

describe("rows of fragments", () => {
  it("are cut before the first row without bytes", () => {
    const whole = [rowOf(5), rowOf(0)];
    expect(wholeRows(whole)).toEqual({ rows: whole, isCut: false });
    expect(wholeRows([...whole, rowOf(null), rowOf(null)])).toEqual({ rows: whole, isCut: true });
    expect(wholeRows([])).toEqual({ rows: [], isCut: false });
  });

  it("say how many rows fit", () => {
    const { note, rowsWithin } = createRowBytes();
    expect(rowsWithin(1)).toBe(Number.MAX_SAFE_INTEGER);
    note([]);
    expect(rowsWithin(1)).toBe(Number.MAX_SAFE_INTEGER);
    note([rowOf(100), rowOf(300)]);
    expect(rowsWithin(1_000)).toBe(5);
    expect(rowsWithin(1)).toBe(1);
    note([rowOf(1_000)]);
    expect(rowsWithin(1_000)).toBe(1);
    note([rowOf(100)]);
    expect(rowsWithin(1_000)).toBe(2);
  });
});

describeWithPeer("manticore", "batches of fragments", (located) => {
  const maxBytes = 10_000;
  const textBytes = [100, 100, 4_000, 100, 30_000, 100, 4_000, 4_000, 4_000, 20_000];
  const traceIds = textBytes.flatMap((_, i) => [i + 1, i + 101]).map((i) => i.toString(16).padStart(32, "0"));
  let searchd: Searchd;
  let client: Client;
  beforeAll(async () => {
    searchd = await startSearchd(located);
    client = createClient(checkOptions({ url: searchd.url }));
  });
  afterAll(async () => {
    await client?.close();
    await searchd?.close();
  });

  const open = (prefix: string) => {
    const settings = checkOptions({ url: searchd.url, prefix });
    const tuning = { ...defaultTuning, candidateBytes: maxBytes, fragmentBytes: maxBytes };
    return openEngine({ client, settings, prefix, tuning });
  };
  const openFilled = async (prefix: string) => {
    const engine = await open(prefix);
    for (let part = 0; part < 3; part++) {
      const spans = traceIds.map((traceId, i) => ({
        ...span,
        traceId,
        spanId: (part + 1).toString(16).padStart(16, "0"),
        attributes: [
          { key: "text", value: { stringValue: "x".repeat(textBytes[i % textBytes.length] as number) } },
        ],
      }));
      await engine.write(encodeTraces(ofShop(spans)));
    }
    return engine;
  };
  const check = (batches: readonly (readonly Fragment[])[]): void => {
    for (const batch of batches) {
      const bytes = batch.reduce((sum, { encoded }) => sum + encoded.length, 0);
      // Rows are limited with escapes, which only make them larger.
      if (batch.length > 1) expect(bytes).toBeLessThanOrEqual(maxBytes);
    }
    const counts = new Map<string, number>();
    for (const { traceId } of batches.flat()) counts.set(traceId, (counts.get(traceId) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual([...traceIds].sort());
    for (const count of counts.values()) expect(count).toBe(3);
  };

  it("stay within their bytes, and leave no fragment out", async () => {
    const prefix = freshPrefix();
    const engine = await openFilled(prefix);
    // A second engine reads the traces: the cache of the first has the candidates.
    const other = await open(prefix);
    try {
      const search = {
        startTimeMinUnixNano: 0n,
        startTimeMaxUnixNano: span.startTimeUnixNano,
        predicate: { op: "and", args: [] } as const,
        limit: 100,
      };
      // Runs twice: the first time the sizes of rows are unknown.
      for (let i = 0; i < 2; i++) {
        const candidates: (readonly Fragment[])[] = [];
        for await (const { fragments } of engine.candidates(search)) candidates.push(fragments);
        check(candidates);
        const batches: (readonly Fragment[])[] = [];
        for await (const batch of other.fragments(traceIds)) batches.push(batch);
        check(batches);
      }
    } finally {
      await engine.close();
      await other.close();
    }
  });
});
