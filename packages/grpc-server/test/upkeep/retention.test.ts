import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectSpanStore } from "@spanstore/client";
import { openMemoryStore, type SpanStore, SpanStoreError } from "@spanstore/core";
import { openSqliteStore } from "@spanstore/sqlite";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { until } from "../../../../scripts/test-support/processes.js";
import { type ServerOptions, startServer } from "../../src/index.js";
import { exportRequest, spanId, storeWith, traceId } from "../harness.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-retention-"));
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
afterAll(() => rmSync(folder, { recursive: true }));

const day = 86_400_000;
const week = 7 * day;
const daysAgo = (days: number): bigint => BigInt(Date.now() - days * day) * 1_000_000n;
const spanAt = (n: number, service: string, days: number, text = "") => {
  const start = daysAgo(days) + BigInt(n);
  return { traceId: traceId(n), spanId: spanId(n), service, start, end: start + 1n, attributes: { text } };
};

async function serve(store: SpanStore, options: Partial<ServerOptions>) {
  const server = await startServer({ ...options, store, listen: "127.0.0.1:0", admin: "127.0.0.1:0" });
  stops.push(() => server.close());
  return {
    server,
    metric: async (name: string) => {
      const text = await (await fetch(`http://${server.adminAddress}/metrics`)).text();
      const line = text
        .split("\n")
        .find((each) => each.startsWith(`${name} `) || each.startsWith(`${name}{`));
      return Number(line?.split(" ").at(-1));
    },
  };
}
const untilServices = (store: SpanStore, services: readonly string[]) =>
  until(
    async () => (JSON.stringify(await store.getServices()) === JSON.stringify(services) ? true : undefined),
    { what: services.join() },
  );
/** Worker threads of this process. */
const threads = (): number =>
  (process.report.getReport() as unknown as { workers: unknown[] }).workers.length;
const closing = (store: SpanStore): SpanStore => {
  stops.push(() => store.close());
  return store;
};

describe("retention in the server", () => {
  it.each<[string, () => Promise<SpanStore>]>([
    ["in memory", async () => openMemoryStore()],
    ["in SQLite", () => openSqliteStore({ path: join(folder, "all.sqlite") })],
  ])(
    "removes what is too old %s, of each tenant by its own time, and leaves the archive alone",
    async (_, open) => {
      const store = closing(await open());
      const archive = openMemoryStore();
      await archive.write(exportRequest(spanAt(1, "archived", 100)));
      const tenants = ["acme", "free-1", "other"];
      for (const each of [store, ...tenants.map((name) => store.forTenant(name))]) {
        await each.write(exportRequest(spanAt(1, "old", 30), spanAt(2, "days", 3), spanAt(3, "hours", 0.1)));
      }
      const { metric } = await serve(store, {
        openArchive: async () => archive,
        tenancy: { required: false },
        retention: {
          keepMs: week,
          ofTenants: [
            { pattern: "acme", value: 60 * day },
            { pattern: "free-*", value: day },
          ],
          intervalMs: 10,
        },
      });
      await untilServices(store, ["days", "hours"]);
      await untilServices(store.forTenant("other"), ["days", "hours"]);
      await untilServices(store.forTenant("free-1"), ["hours"]);
      await until(async () => ((await metric("spanstore_retention_runs_total")) > 2 ? true : undefined), {
        what: "some runs",
      });
      expect(await store.forTenant("acme").getServices()).toEqual(["days", "hours", "old"]);
      expect(await archive.getServices()).toEqual(["archived"]);
      expect(await metric("spanstore_expired_spans_total")).toBe(4);
      expect(await metric("spanstore_retention_last_success_timestamp_seconds")).toBeGreaterThan(
        Date.now() / 1000 - 600,
      );
    },
  );

  it("keeps new spans while two servers remove old ones, and frees the space", async () => {
    const path = join(folder, "busy.sqlite");
    const stores = [closing(await openSqliteStore({ path })), closing(await openSqliteStore({ path }))];
    const [store, other] = stores as [SpanStore, SpanStore];
    const text = Array.from({ length: 300 }, (_, i) => String((i * 7919) % 10_007)).join();
    for (let n = 1; n <= 2000; n += 100) {
      await store.write(
        exportRequest(...Array.from({ length: 100 }, (_, i) => spanAt(n + i, "old", 30, `${n + i}${text}`))),
      );
    }
    const full = (await store.stats()).bytes;
    const policy = { keepMs: week, ofTenants: [], intervalMs: 5 };
    const servers = [await serve(store, { retention: policy }), await serve(other, { retention: policy })];
    const clients = servers.map(({ server }) => closing(connectSpanStore(server.address)));
    let written = 0;
    do {
      const [a, b] = [spanAt(10_000 + written++, "young", 1), spanAt(10_000 + written++, "young", 1)];
      await Promise.all([clients[0]?.write(exportRequest(a)), clients[1]?.write(exportRequest(b))]);
    } while ((await store.getServices()).includes("old"));
    expect(await store.getServices()).toEqual(["young"]);
    expect((await store.findTraceIds({ limit: 5000 })).traces).toHaveLength(written);
    await until(async () => ((await store.stats()).bytes < full / 3 ? true : undefined), {
      what: "the space",
    });
  });

  it("closes the tenants' stores that it has opened", async () => {
    const path = join(folder, "many.sqlite");
    const names = Array.from({ length: 50 }, (_, n) => `tenant-${n}`);
    const before = await openSqliteStore({ path });
    await before.forTenant("tenant-0").write(exportRequest(spanAt(1, "old", 30), spanAt(2, "young", 1)));
    await before.close();
    const [first, ...others] = names.map((name) => join(`${path}.tenants`, `${name}.sqlite`));
    for (const file of others) copyFileSync(first as string, file);

    const store = closing(await openSqliteStore({ path }));
    // Starts the threads that all tenants share.
    await store.health();
    const alone = threads();
    const { metric } = await serve(store, {
      tenancy: {},
      retention: { keepMs: week, ofTenants: [], intervalMs: 3000 },
    });
    let most = 0;
    await until(
      async () => {
        most = Math.max(most, threads());
        return (await metric("spanstore_retention_runs_total")) > 0 ? true : undefined;
      },
      { what: "a run" },
    );
    expect(await metric("spanstore_expired_spans_total")).toBe(names.length);
    await until(async () => (threads() <= alone ? true : undefined), { what: "closed stores" });
    // One tenant's after the other, the last one closing while the next opens.
    expect(most).toBeLessThanOrEqual(alone + 6);
    expect(await store.forTenant("tenant-49").getServices()).toEqual(["young"]);
  });

  it("goes on after a failure, and counts it", async () => {
    let failing = true;
    const times: bigint[] = [];
    const store = storeWith({
      expire: async (time) => {
        times.push(time);
        if (failing) throw new SpanStoreError("STORE_UNAVAILABLE", "away");
        return [{ name: "a table", bytes: 7 }];
      },
    });
    const { metric } = await serve(store, { retention: { keepMs: week, ofTenants: [], intervalMs: 5 } });
    await until(
      async () => ((await metric('spanstore_retention_runs_total{result="failed"}')) > 1 ? true : undefined),
      {
        what: "failures",
      },
    );
    failing = false;
    await until(async () => ((await metric("spanstore_expired_bytes_total")) > 0 ? true : undefined), {
      what: "it",
    });
    for (const time of times)
      expect(Math.abs(Number(time / 1_000_000n) - (Date.now() - week))).toBeLessThan(600_000);
  });

  it("removes nothing without its option", async () => {
    const store = storeWith({ expire: () => Promise.reject(new Error("nobody asked")) });
    const { metric } = await serve(store, { retention: { keepMs: undefined, ofTenants: [], intervalMs: 1 } });
    expect(await metric('spanstore_retention_runs_total{result="failed"}')).toBeNaN();
  });
});
