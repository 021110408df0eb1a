import assert from "node:assert/strict";
import { compareCodePoints } from "../../model/text-order.js";
import { readTraces } from "../contents.js";
import type { Suite } from "../harness.js";
import { assertRefused } from "../refusals.js";
import { timeAt, traceIdOf, tracesOf } from "../spans.js";

const about = { features: ["tenants"] } as const;

/** Names that careless escaping would bring into one place, or out of their own. */
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

export function describeTenants({ it }: Suite): void {
  it(
    "shows a tenant its own spans and nobody else's",
    async (store) => {
      await store.write(tracesOf({ trace: 1000, service: "nobody's" }));
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
        // Another's trace is not there, by whatever way it is asked for.
        const others = names.map((_, other) => traceIdOf(other + 1)).filter((id) => id !== traceIdOf(i + 1));
        assert.deepEqual((await readTraces(tenant.getTraces([...others, traceIdOf(1000)]))).traces, []);
      }
      assert.deepEqual(await store.getServices(), ["nobody's"]);
      assert.deepEqual(await store.tenants(), [...names].sort(compareCodePoints));
    },
    about,
  );

  it(
    "deletes of a tenant what is that tenant's",
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
    "refuses names that name nobody",
    async (store) => {
      for (const name of ["", "x".repeat(65), "\ud800"]) {
        await assertRefused(async () => store.forTenant(name).getServices(), "INVALID_OPTIONS", "tenant");
      }
    },
    about,
  );
}
