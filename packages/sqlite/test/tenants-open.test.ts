import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMemoryStore, type SpanStore, SpanStoreError } from "@spanstore/core";
import { createTenants } from "@spanstore/core/engine";
import { openSqliteStore } from "@spanstore/sqlite";
import { afterAll, expect, it } from "vitest";
import { until } from "../../../scripts/test-support/processes.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-tenants-"));
afterAll(() => rmSync(folder, { recursive: true }));

const spanOf = (service: string, digit: string) => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
      scopeSpans: [
        {
          spans: [
            {
              traceId: digit.repeat(32),
              spanId: digit.repeat(16),
              name: "GET /",
              startTimeUnixNano: 1_700_000_000_000_000_000n,
              endTimeUnixNano: 1_700_000_000_000_000_001n,
            },
          ],
        },
      ],
    },
  ],
});

const all = ["acme", "visited", "used", ...Array.from({ length: 5 }, (_, i) => `tenant-${i}`)];
/** Tenants in files, with the set of open ones. */
function tenantsIn(name: string, idleMillis: number) {
  const open = new Set<string>();
  let opened = 0;
  const tenants = createTenants(
    "sqlite",
    async (tenant) => {
      const store = await openSqliteStore({ path: join(folder, `${name}-${tenant}.sqlite`) });
      open.add(tenant);
      opened++;
      return {
        ...store,
        close: async () => {
          await store.close();
          open.delete(tenant);
        },
      };
    },
    { list: async () => all, nothing: openMemoryStore(), idleMillis },
  );
  return { tenants, open, opened: () => opened };
}
const untilClosed = (open: ReadonlySet<string>) =>
  until(async () => (open.size === 0 ? true : undefined), { what: "tenants to be closed" });

it("closes an idle tenant's store, and reopens it with its spans", async () => {
  const { tenants, open, opened } = tenantsIn("idle", 1);
  const acme = tenants.forTenant("acme");
  for (const digit of ["1", "2", "3"]) {
    await acme.write(spanOf(`service ${digit}`, digit));
    await untilClosed(open);
  }
  expect(await acme.getServices()).toEqual(["service 1", "service 2", "service 3"]);
  expect(opened()).toBe(4);
  await untilClosed(open);
  await tenants.close();
  await expect(acme.getServices()).rejects.toMatchObject({ code: "STORE_CLOSED" });
});

it("keeps a tenant's store open for a slow stream and during calls", async () => {
  const { tenants, open, opened } = tenantsIn("used", 0);
  const acme = tenants.forTenant("acme");
  await acme.write(spanOf("a", "1"));
  await acme.write(spanOf("b", "2"));
  const before = opened();
  const services: string[][] = [];
  for await (const _ of acme.findTraces({})) services.push(await acme.getServices());
  expect(services).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
  expect(opened() - before).toBeLessThanOrEqual(1);
  await untilClosed(open);
  await tenants.close();
});

it("closes a tenant's store after retention, unless other calls use it", async () => {
  const { tenants, open, opened } = tenantsIn("retention", 600_000);
  const [visited, used] = [tenants.forTenant("visited"), tenants.forTenant("used")];
  await used.write(spanOf("a", "1"));
  for (const each of [visited, used]) {
    await each.expire(1n);
    await each.stats();
  }
  await until(async () => (open.has("visited") ? undefined : true), { what: "the visited one" });
  expect([...open]).toEqual(["used"]);
  const many = Array.from({ length: 20 }, (_, i) => (i % 2 ? visited.expire(1n) : visited.getServices()));
  await Promise.all(many);
  expect([...open].sort()).toEqual(["used", "visited"]);
  expect(opened()).toBeLessThanOrEqual(5);
  await tenants.close();
  expect([...open]).toEqual([]);
});

it("creates no file when a tenant without spans reads", async () => {
  const path = join(folder, "strangers.sqlite");
  await using store = await openSqliteStore({ path });
  const stranger = store.forTenant("stranger");
  expect(await stranger.getServices()).toEqual([]);
  expect(await stranger.findTraceIds({ service: "a" })).toEqual({ traces: [] });
  for await (const _ of stranger.getTraces(["1".repeat(32)])) expect.unreachable();
  await expect(stranger.getOperations({ service: "" })).rejects.toMatchObject({ field: "service" });
  expect(await stranger.expire(2_000_000_000_000_000_000n)).toEqual([]);
  await stranger.health();
  expect(await store.tenants()).toEqual([]);
  expect(existsSync(`${path}.tenants`)).toBe(false);
  await stranger.write(spanOf("a", "1"));
  expect(await stranger.getServices()).toEqual(["a"]);
  expect(await store.tenants()).toEqual(["stranger"]);
});

it("forgets idle tenants", async () => {
  const { tenants, open } = tenantsIn("many", 0);
  const names = Array.from({ length: 5 }, (_, i) => `tenant-${i}`);
  await Promise.all(names.map((name) => tenants.forTenant(name).getServices()));
  await untilClosed(open);
  await until(async () => (tenants.names().length === 0 ? true : undefined), {
    what: "tenants to be forgotten",
  });
  await tenants.close();
});

it("retries to open a store that failed to open, and keeps a store in memory open", async () => {
  let fails = true;
  let opened = 0;
  let last: SpanStore | undefined;
  const tenants = createTenants(
    "sqlite",
    async () => {
      opened++;
      if (fails) throw new SpanStoreError("STORE_UNAVAILABLE", "no room");
      last = await openSqliteStore({ path: ":memory:" });
      return last;
    },
    {},
  );
  const acme = tenants.forTenant("acme");
  await expect(acme.getServices()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  fails = false;
  await acme.write(spanOf("a", "1"));
  await acme.expire(1n);
  expect(await acme.getServices()).toEqual(["a"]);
  expect(opened).toBe(2);
  await tenants.close();
  await expect(last?.getServices()).rejects.toMatchObject({ code: "STORE_CLOSED" });
});
