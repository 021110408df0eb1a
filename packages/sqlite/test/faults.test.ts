import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SpanStore, TracesData } from "@spanstore/core";
import { openSqliteStore } from "@spanstore/sqlite";
import Database from "better-sqlite3";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "spanstore-faults-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const traceIdOf = (n: number): string => n.toString(16).padStart(32, "0");
/** A trace that hardly compresses, so that a block holds only a few. */
const traceOf = (n: number): TracesData => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "cart" } }] },
      scopeSpans: [
        {
          spans: [
            {
              traceId: traceIdOf(n),
              spanId: "0123456789abcdef",
              name: "get",
              startTimeUnixNano: 1_800_000_000_000_000_000n + BigInt(n) * 10_000_000_000n,
              endTimeUnixNano: 1_800_000_000_000_000_001n + BigInt(n) * 10_000_000_000n,
              attributes: [{ key: "noise", value: { bytesValue: noise(n) } }],
            },
          ],
        },
      ],
    },
  ],
});
function noise(seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: 20_000 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}
async function idsOf(store: SpanStore, ...numbers: readonly number[]): Promise<string[]> {
  const ids: string[] = [];
  for await (const { traceId } of store.getTraces(numbers.map(traceIdOf))) ids.push(traceId);
  return ids;
}

describe("a locked file", { timeout: 60_000 }, () => {
  it("refuses writes while another program holds the lock, answers reads, and goes on after its release", async () => {
    const path = join(folder, "locked.sqlite");
    await using store = await openSqliteStore({ path });
    await store.write(traceOf(1));
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    const refused = { code: "STORE_UNAVAILABLE", message: expect.stringContaining("locked") };
    // Both wait seconds for the other program.
    const waiting = [store.write(traceOf(2)), store.health()].map((call) =>
      expect(call).rejects.toMatchObject(refused),
    );
    expect(await idsOf(store, 1, 2)).toEqual([traceIdOf(1)]);
    await Promise.all(waiting);
    other.exec("ROLLBACK");
    other.close();
    await store.health();
    await store.write(traceOf(2));
    expect(await idsOf(store, 1, 2)).toEqual([1, 2].map(traceIdOf));
  });
});

describe("a transaction that fails in its last step", () => {
  it("hides no service of the write after it", async () => {
    const path = join(folder, "commit.sqlite");
    await using store = await openSqliteStore({ path });
    const other = new Database(path);
    // COMMIT checks this constraint, which always fails.
    other.exec(`
      CREATE TABLE trip (id REFERENCES counter (name) DEFERRABLE INITIALLY DEFERRED);
      CREATE TRIGGER trip AFTER INSERT ON operation BEGIN INSERT INTO trip VALUES ('nowhere'); END;
    `);
    await expect(store.write(traceOf(1))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    other.exec("DROP TRIGGER trip");
    other.close();
    expect(await store.getServices()).toEqual([]);
    await store.write(traceOf(1));
    expect(await idsOf(store, 1)).toEqual([traceIdOf(1)]);
    expect(await store.getServices()).toEqual(["cart"]);
    expect(await store.getOperations({ service: "cart" })).toEqual([{ name: "get", spanKind: "" }]);
  });
});

describe("a damaged file", () => {
  /** Writes a file of `traces` traces and closes it. */
  async function fileOf(name: string, traces: number): Promise<string> {
    const path = join(folder, name);
    const store = await openSqliteStore({ path });
    for (let n = 1; n <= traces; n++) await store.write(traceOf(n));
    await store.close();
    return path;
  }
  function overwrite(path: string, at: number, bytes: Uint8Array): void {
    const file = openSync(path, "r+");
    writeSync(file, bytes, 0, bytes.length, at);
    closeSync(file);
  }

  it("fails reads of a damaged block with CORRUPT, returns all others, and accepts writes", async () => {
    const path = await fileOf("block.sqlite", 6);
    const db = new Database(path, { readonly: true });
    const [first] = db.prepare("SELECT data FROM block ORDER BY id").pluck().all() as Buffer[];
    db.close();
    const content = readFileSync(path);
    // Within one page, since the pages of a block may be apart.
    const part = (first as Buffer).subarray(2000, 2100);
    // Overwrites all copies: SQLite leaves old ones behind when it moves rows.
    let places = 0;
    for (let at = content.indexOf(part); at >= 0; at = content.indexOf(part, at + 1)) {
      overwrite(path, at, new Uint8Array(part.length).fill(0xff));
      places++;
    }
    expect(places).toBeGreaterThan(0);

    await using store = await openSqliteStore({ path });
    await expect(idsOf(store, 1)).rejects.toMatchObject({ code: "CORRUPT" });
    expect(await idsOf(store, 2, 3, 4, 5, 6)).toEqual([2, 3, 4, 5, 6].map(traceIdOf));
    await store.write(traceOf(7));
    expect(await idsOf(store, 7)).toEqual([traceIdOf(7)]);
    expect(await store.getServices()).toEqual(["cart"]);
  });

  it("fails with CORRUPT when a page is damaged, and reads everything again when it is restored", async () => {
    const path = await fileOf("page.sqlite", 6);
    const db = new Database(path, { readonly: true });
    const pageSize = db.pragma("page_size", { simple: true }) as number;
    const root = db
      .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'fragment'")
      .pluck()
      .get() as number;
    db.close();
    const at = (root - 1) * pageSize;
    const page = readFileSync(path).subarray(at, at + pageSize);
    overwrite(path, at, new Uint8Array(pageSize).fill(0xff));
    {
      await using store = await openSqliteStore({ path });
      const corrupt = { code: "CORRUPT", hint: expect.stringContaining("integrity_check") };
      await expect(idsOf(store, 1)).rejects.toMatchObject(corrupt);
      await expect(store.findTraceIds({})).rejects.toMatchObject(corrupt);
      await expect(store.write(traceOf(7))).rejects.toMatchObject(corrupt);
      await expect(store.health()).rejects.toMatchObject(corrupt);
    }
    overwrite(path, at, page);
    await using store = await openSqliteStore({ path });
    expect(await idsOf(store, 1, 2, 3, 4, 5, 6, 7)).toEqual([1, 2, 3, 4, 5, 6].map(traceIdOf));
    await store.write(traceOf(7));
    await store.health();
  });
});
