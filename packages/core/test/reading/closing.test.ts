import { expect, it } from "vitest";
import { createMemoryEngine } from "../../src/memory/engine.js";
import { createSpanStore } from "../../src/store/create-store.js";
import { tracesOf } from "../../src/testing/spans.js";

it("closes every engine of a store, and then fails with the error of the one that did not close", async () => {
  const closed: string[] = [];
  const engine = (name: string, fails = false) => ({
    ...createMemoryEngine(),
    close: async () => {
      // Closes after the engine that fails.
      await new Promise(setImmediate);
      closed.push(name);
      if (fails) throw new Error(`${name} is stuck`);
    },
  });
  const store = createSpanStore(engine("main"), async (tenant) => engine(tenant, tenant === "first"));
  for (const tenant of ["first", "second", "third"]) {
    await store.forTenant(tenant).write(tracesOf({ trace: 1 }));
  }
  await expect(store.close()).rejects.toThrow("first is stuck");
  expect(closed.sort()).toEqual(["first", "main", "second", "third"]);
});
