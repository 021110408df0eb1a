import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "@spanstore/sqlite";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "spanstore-open-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const span = {
  traceId: "0123456789abcdef0123456789abcdef",
  spanId: "0123456789abcdef",
  name: "get",
  startTimeUnixNano: 1_800_000_000_000_000_000n,
  endTimeUnixNano: 1_800_000_000_000_000_001n,
};
const traces = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "cart" } }] },
      scopeSpans: [{ spans: [span] }],
    },
  ],
};

describe("opening a file", () => {
  it("keeps its spans", async () => {
    const path = join(directory, "kept.sqlite");
    const first = await openSqliteStore({ path });
    await first.write(traces);
    await first.close();
    await using second = await openSqliteStore({ path, synchronous: "normal" });
    expect(await second.getServices()).toEqual(["cart"]);
  });

  it("refuses a file that is no database", async () => {
    const path = join(directory, "text.sqlite");
    await writeFile(path, "this is a text file and no database at all, however long it may be\n".repeat(100));
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "INCOMPATIBLE_SCHEMA" });
  });

  it("refuses another program's database and does not change it", async () => {
    const path = join(directory, "foreign.sqlite");
    const foreign = new Database(path);
    foreign.exec("CREATE TABLE recipe (name TEXT); INSERT INTO recipe VALUES ('bread')");
    foreign.close();
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: "INCOMPATIBLE_SCHEMA",
      field: "path",
    });
    const after = new Database(path);
    expect(after.prepare("SELECT name FROM sqlite_schema").pluck().all()).toEqual(["recipe"]);
    expect(after.pragma("journal_mode", { simple: true })).toBe("delete");
    after.close();
  });

  it("refuses a file of a newer version and says which", async () => {
    const path = join(directory, "newer.sqlite");
    await (await openSqliteStore({ path })).close();
    const db = new Database(path);
    db.pragma("user_version = 999");
    db.close();
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: "INCOMPATIBLE_SCHEMA",
      message: expect.stringContaining("999"),
    });
  });

  it("names a missing directory", async () => {
    const path = join(directory, "nowhere", "spans.sqlite");
    await expect(openSqliteStore({ path })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("nowhere"),
    });
  });

  it.each([
    [{ path: "" }, "path"],
    [{ path: ":memory:", synchronous: "off" as "full" }, "synchronous"],
    [{ path: ":memory:", readers: 0 }, "readers"],
  ])("refuses the options %j", async (options, field) => {
    await expect(openSqliteStore(options)).rejects.toMatchObject({ code: "INVALID_OPTIONS", field });
  });
});

describe("threads", () => {
  it("do not keep a process alive whose store is not closed", () => {
    const script = `
      import { openSqliteStore } from "@spanstore/sqlite";
      const store = await openSqliteStore({ path: ":memory:" });
      console.log(await store.getServices());
    `;
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      timeout: 60_000,
    });
    expect(child).toMatchObject({ status: 0, signal: null, stdout: "[]\n" });
  });

  it("acknowledge a write during a long search", async () => {
    await using store = await openSqliteStore({ path: join(directory, "busy.sqlite") });
    for (let request = 0; request < 20; request++) {
      const spans = Array.from({ length: 2000 }, (_, i) => ({
        ...span,
        traceId: (request * 2000 + i + 1).toString(16).padStart(32, "0"),
        attributes: [{ key: "text", value: { stringValue: `value ${i}` } }],
      }));
      await store.write({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
    }
    const ended: string[] = [];
    const search = store
      .findTraceIds({
        filter: { op: "regex", args: [{ attr: { key: "text" } }, { scalar: { value: "(a|b)+x{2,9}" } }] },
      })
      .then(({ traces: found }) => {
        ended.push("search");
        expect(found).toEqual([]);
      });
    await store.write(traces);
    ended.push("write");
    await search;
    expect(ended).toEqual(["write", "search"]);
  });
});
