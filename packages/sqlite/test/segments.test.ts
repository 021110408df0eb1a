import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { diagnoseSqlite, openSqliteStore } from "@spanstore/sqlite";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answers, madeQueries, madeStart, writeMade } from "./made-spans.js";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "spanstore-segments-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const queries = madeQueries(60);

async function expectSame(store: SpanStore, memory: SpanStore): Promise<void> {
  expect(await answers(store, queries)).toEqual(await answers(memory, queries));
}

function rows(path: string, sql: string): unknown {
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare(sql).pluck().get();
  } finally {
    db.close();
  }
}

describe("segments of the index", () => {
  it("answer like the memory engine in any number, after merges and after deletions", async () => {
    const path = join(directory, "many.sqlite");
    await using store = await openSqliteStore({ path, synchronous: "normal" });
    await using memory = openMemoryStore();
    for (let step = 0; step < 6; step++) {
      const from = step * 100;
      await writeMade(store, from, from + 100);
      await writeMade(memory, from, from + 100);
      await expectSame(store, memory);
    }
    // Of 600 requests, merges leave at most seven segments a level.
    expect(rows(path, "SELECT count(*) FROM segment")).toBeLessThan(30);
    expect(rows(path, "SELECT sum(fragments) FROM segment")).toBe(
      rows(path, "SELECT count(*) FROM fragment"),
    );

    for (const seconds of [3n, 7n]) {
      await store.deleteBefore(madeStart + seconds * 1_000_000_000n);
      await memory.deleteBefore(madeStart + seconds * 1_000_000_000n);
      await expectSame(store, memory);
    }
    // These writes may reuse the ids of deleted fragments.
    await writeMade(store, 0, 60);
    await writeMade(memory, 0, 60);
    await expectSame(store, memory);

    await store.deleteBefore(madeStart + 3_600_000_000_000n);
    expect(rows(path, "SELECT count(*) FROM fragment")).toBe(0);
    expect(rows(path, "SELECT count(*) FROM segment")).toBe(0);
    expect(rows(path, "SELECT count(*) FROM segment_page")).toBe(0);
  });

  it("disappear in a purge", async () => {
    const path = join(directory, "purged.sqlite");
    await using store = await openSqliteStore({ path, synchronous: "normal" });
    await writeMade(store, 0, 30);
    await store.purge();
    expect(rows(path, "SELECT count(*) FROM segment")).toBe(0);
    expect(rows(path, "SELECT count(*) FROM segment_page")).toBe(0);
    await writeMade(store, 0, 30);
    await using memory = openMemoryStore();
    await writeMade(memory, 0, 30);
    await expectSame(store, memory);
  });
});

describe("a page of the index that is damaged", () => {
  it("fails searches instead of hiding matches, does not stop writes, and is found by the diagnosis", async () => {
    const path = join(directory, "damaged.sqlite");
    {
      await using store = await openSqliteStore({ path, synchronous: "normal" });
      await writeMade(store, 0, 20);
    }
    const db = new Database(path);
    // The bytes of a page without entries.
    expect(
      db.prepare("UPDATE segment_page SET data = zeroblob(length(data)) WHERE id % 65536 > 1").run().changes,
    ).toBeGreaterThan(0);
    db.close();

    await using store = await openSqliteStore({ path, synchronous: "normal" });
    await expect(store.findTraceIds({ service: "service-1" })).rejects.toMatchObject({ code: "CORRUPT" });
    expect((await store.findTraceIds({})).traces.length).toBeGreaterThan(0);
    expect((await store.getServices()).length).toBeGreaterThan(0);
    // Enough writes to cause a merge.
    for (let n = 20; n < 40; n++) await writeMade(store, n, n + 1);
    const found = await diagnoseSqlite({ path });
    expect(found).toContainEqual(
      expect.objectContaining({ subject: "integrity", text: expect.stringContaining("pages of the index") }),
    );
    await store.deleteBefore(madeStart + 3_600_000_000_000n);
    await writeMade(store, 0, 20);
    await using memory = openMemoryStore();
    await writeMade(memory, 0, 20);
    await expectSame(store, memory);
  });
});

/** A file of schema version 2, with the made requests 0 to 99 in its FTS5 table. */
const oldFile = new URL("./files/version-2.db.gz", import.meta.url);

describe("a file from before segments", () => {
  it("opens, answers as before, accepts new spans, and deletes old ones", async () => {
    const path = join(directory, "old.sqlite");
    writeFileSync(path, gunzipSync(readFileSync(oldFile)));
    expect(rows(path, "PRAGMA user_version")).toBe(2);
    await using store = await openSqliteStore({ path, synchronous: "normal" });
    await using memory = openMemoryStore();
    await writeMade(memory, 0, 100);
    await expectSame(store, memory);
    expect(rows(path, "PRAGMA user_version")).toBe(4);

    // Repeated spans are not stored twice, and new spans lie between old ones.
    await writeMade(store, 50, 220);
    await writeMade(memory, 100, 220);
    await expectSame(store, memory);
    expect(rows(path, "SELECT count(*) FROM term_docsize")).toBeGreaterThan(100);

    await store.deleteBefore(madeStart + 2_000_000_000n);
    await memory.deleteBefore(madeStart + 2_000_000_000n);
    await expectSame(store, memory);
    await store.deleteBefore(madeStart + 3_600_000_000_000n);
    expect(rows(path, "SELECT count(*) FROM term_docsize")).toBe(0);
    expect(rows(path, "SELECT count(*) FROM segment")).toBe(0);
  });
});
