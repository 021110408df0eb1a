import fc from "fast-check";
import { openMemoryStore } from "../../memory/index.js";
import type { SpanStore } from "../../store/span-store.js";
import { type Open, randomness, type Suite } from "../harness.js";
import { play, type Step, scenario } from "../scenario.js";

const millisPerRun = 5_000;

/** Random data sets and searches, answered as the memory engine answers them. */
export function describeDifferential(suite: Suite): void {
  const { options } = suite;
  const { runs, seed } = randomness(options);

  suite.it(
    `answers as the memory engine does: ${runs} cases, seed ${seed}`,
    async (store, open) => {
      console.log(`${options.name}: ${runs} random cases, SPANSTORE_CONFORMANCE_SEED=${seed}`);
      const nextStore = suite.has("purge") ? purged(store) : fresh(open);
      const property = fc.asyncProperty(scenario(suite.has("deleteBefore")), async (steps: Step[]) => {
        const reference = openMemoryStore();
        await play(steps, await nextStore(), reference);
        await reference.close();
      });
      await fc.assert(property, { numRuns: runs, seed });
    },
    { timeoutMillis: 60_000 + runs * millisPerRun },
  );
}

function purged(store: SpanStore): () => Promise<SpanStore> {
  return async () => {
    await store.purge();
    return store;
  };
}

/** A place of its own for every case; the one before is closed. */
function fresh(open: Open): () => Promise<SpanStore> {
  let cases = 0;
  let last: SpanStore | undefined;
  return async () => {
    await last?.close();
    last = await open(`c${cases++}`);
    return last;
  };
}
