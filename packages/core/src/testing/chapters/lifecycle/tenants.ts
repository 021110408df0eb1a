import assert from "node:assert/strict";
import { compareCodePoints } from "../../../model/text-order.js";
import { readTraces } from "../../contents.js";
import type { Suite } from "../../harness.js";
import { assertRefused } from "../../refusals.js";
import { timeAt, traceIdOf, tracesOf } from "../../spans.js";
import { calls, everything, justOneTrace, methods, nothing, oneTrace } from "./calls.js";

const about = { features: ["tenants"] } as const;

/** Names that careless escaping would confuse, or that would escape their folder. */
const names = [
  "a",
  "A",
  "a/b",
  "a%2fb",
  "..",
  "../a",
  "a b",
  "a.sqlite",
  "\u00e9",
  "e\u0301",
  "'; --",
  "_",
  "%",
];

export function describeTenants(suite: Suite): void {
  const { it } = suite;
  it(
    "shows each tenant only its own spans",
    async (store) => {
      await store.write(tracesOf({ trace: 1000, service: "default" }));
      for (const [i, name] of names.entries()) {
        await store.forTenant(name).write(tracesOf({ trace: i + 1, service: `of ${i}` }));
      }
      for (const [i, name] of names.entries()) {
        const tenant = store.forTenant(name);
        assert.deepEqual(await tenant.getServices(), [`of ${i}`], `services of ${JSON.stringify(name)}`);
        const found = await tenant.findTraceIds({});
        assert.deepEqual(
          found.traces.map(({ traceId }) => traceId),
          [traceIdOf(i + 1)],
        );
        // No read finds the trace of another tenant.
        const others = names.map((_, other) => traceIdOf(other + 1)).filter((id) => id !== traceIdOf(i + 1));
        assert.deepEqual((await readTraces(tenant.getTraces([...others, traceIdOf(1000)]))).traces, []);
      }
      assert.deepEqual(await store.getServices(), ["default"]);
      assert.deepEqual(await store.tenants(), [...names].sort(compareCodePoints));
    },
    about,
  );

  it(
    "deletes only the tenant's spans",
    async (store) => {
      for (const name of ["left", "right"])
        await store.forTenant(name).write(tracesOf({ trace: 1, service: name }));
      await store.write(tracesOf({ trace: 1, service: "none" }));
      await store.forTenant("left").deleteBefore(timeAt(1_000_000));
      assert.deepEqual(await store.forTenant("left").getServices(), []);
      assert.deepEqual(await store.forTenant("right").getServices(), ["right"]);
      await store.purge();
      assert.deepEqual(await store.forTenant("right").getServices(), ["right"]);
    },
    about,
  );

  it(
    "refuses invalid names",
    async (store) => {
      for (const name of ["", "x".repeat(65), "\ud800"]) {
        await assertRefused(async () => store.forTenant(name).getServices(), "INVALID_OPTIONS", "tenant");
      }
    },
    about,
  );

  it(
    "gives each caller its own handle: closing one does not affect the others",
    async (store) => {
      const [left, right] = [store.forTenant("shared"), store.forTenant("shared")];
      await left.write(tracesOf({ trace: 1, service: "shared" }, { trace: 2 }, { trace: 3 }));
      const [open, begun] = [left, right].map((each) => each.findTraces({})[Symbol.asyncIterator]());
      assert.equal((await open?.next())?.done, false);
      assert.equal((await begun?.next())?.done, false);

      await left.close();
      await left.close();
      await assertRefused(() => left.getServices(), "STORE_CLOSED");
      await assertRefused(() => left.write(tracesOf({ trace: 4 })), "STORE_CLOSED");
      await assertRefused(() => open?.next() as Promise<unknown>, "STORE_CLOSED");

      const rest: unknown[] = [];
      for (let next = await begun?.next(); next?.done === false; next = await begun?.next()) rest.push(next);
      assert.equal(rest.length, 2);
      await right.write(tracesOf({ trace: 4 }));
      for (const each of [right, store.forTenant("shared")]) {
        assert.deepEqual(await each.getServices(), ["shared"]);
        assert.equal((await each.findTraceIds({})).traces.length, 4);
      }
      await store.health();
    },
    about,
  );

  it(
    "closes all handles with their store",
    async (_store, open) => {
      const store = await open("closing");
      const [used, unused] = [store.forTenant("used"), store.forTenant("unused")];
      await used.write(tracesOf({ trace: 1 }, { trace: 2 }, { trace: 3 }));
      const begun = used.findTraces({})[Symbol.asyncIterator]();
      await begun.next();
      await store.close();
      await assertRefused(() => begun.next(), "STORE_CLOSED");
      for (const each of [used, unused]) {
        await assertRefused(() => each.getServices(), "STORE_CLOSED");
        await assertRefused(() => each.write(tracesOf({ trace: 1 })), "STORE_CLOSED");
        await each.close();
      }
    },
    about,
  );

  it(
    "reopens a tenant after its last handle or its store was closed",
    async (first, open) => {
      const store = suite.options.persists ? await open("children") : first;
      const tenant = store.forTenant("child");
      await tenant.write(oneTrace);
      await tenant.close();
      const reopened = store.forTenant("child");
      assert.deepEqual(await everything(reopened), justOneTrace);
      assert.deepEqual(await everything(store), nothing);
      await reopened.close();
      if (!suite.options.persists) return;
      await store.close();
      const again = await open("children");
      assert.deepEqual(await everything(again), nothing);
      assert.deepEqual(await everything(again.forTenant("child")), justOneTrace);
      assert.deepEqual(await again.tenants(), ["child"]);
    },
    about,
  );

  it(
    "every method of a handle fails with STORE_CLOSED once the handle or its store was closed",
    async (_store, open) => {
      const store = await open("states");
      const [closed, orphaned] = [store.forTenant("closed"), store.forTenant("orphaned")];
      await closed.write(oneTrace);
      const closing = closed.close();
      for (const method of methods) await assertRefused(() => calls[method](closed), "STORE_CLOSED");
      await closing;
      for (const method of methods) await assertRefused(() => calls[method](closed), "STORE_CLOSED");
      assert.deepEqual(await everything(orphaned), nothing);
      await store.close();
      for (const each of [closed, orphaned]) {
        for (const method of methods) await assertRefused(() => calls[method](each), "STORE_CLOSED");
      }
    },
    about,
  );

  it(
    "creates no tenant by reads",
    async (store) => {
      const stranger = store.forTenant("stranger");
      assert.deepEqual(await stranger.getServices(), []);
      assert.deepEqual(await stranger.findTraceIds({ service: "a" }), { traces: [] });
      assert.deepEqual((await readTraces(stranger.getTraces([traceIdOf(1)]))).traces, []);
      await stranger.health();
      assert.deepEqual(await store.tenants(), []);
    },
    about,
  );
}
