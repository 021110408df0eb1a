import fc from "fast-check";
import { openMemoryStore } from "../../memory/index.js";
import type { SpanStore } from "../../store/contract/span-store.js";
import { type Open, randomness, type Suite } from "../harness.js";
import { minimize } from "../minimize.js";
import { play, type Step, scenario } from "../scenario.js";

const millisPerRun = 5_000;

/** Compares a store with the memory engine by random data sets and searches. */
export function describeDifferential(suite: Suite): void {
  const { options } = suite;
  const { runs, seed } = randomness(options);

  suite.it(
    `answers as the memory engine does: ${runs} cases, seed ${seed}`,
    async (store, open) => {
      console.log(`${options.name}: ${runs} random cases, SPANSTORE_CONFORMANCE_SEED=${seed}`);
      const nextStore = suite.has("purge") ? purged(store) : fresh(open);
      const failureOf = async (steps: readonly Step[]): Promise<unknown> => {
        const reference = openMemoryStore();
        try {
          await play(steps, await nextStore(), reference);
          return undefined;
        } catch (error) {
          return error ?? new Error("a case failed with nothing");
        } finally {
          await reference.close();
        }
      };
      const property = fc.asyncProperty(scenario(suite.has("deleteBefore")), async (steps) => {
        const failure = await failureOf(steps);
        if (failure !== undefined) throw failure;
      });
      const { counterexample, errorInstance, failed, interrupted, numRuns } = await fc.check(property, {
        numRuns: runs,
        seed,
      });
      if (interrupted) console.log(`${options.name}: ${numRuns} of the ${runs} cases ended in time`);
      if (counterexample !== null) throw await readable(counterexample[0], errorInstance, seed, failureOf);
      if (failed) throw new Error(`no case ended in time, with SPANSTORE_CONFORMANCE_SEED=${seed}`);
    },
    { timeoutMillis: 60_000 + runs * millisPerRun },
  );
}

/** The error of a failed case, reduced to few steps that still fail. */
async function readable(
  steps: readonly Step[],
  error: unknown,
  seed: number,
  failureOf: (steps: readonly Step[]) => Promise<unknown>,
): Promise<Error> {
  const smallest = await minimize(steps, async (fewer) => isAlike(await failureOf(fewer), error));
  const cause = (await failureOf(smallest)) ?? error;
  const listed = smallest.map((step, i) => `${i + 1}. ${fc.stringify(step)}`).join("\n");
  const message = cause instanceof Error ? cause.message : String(cause);
  return new Error(`with SPANSTORE_CONFORMANCE_SEED=${seed}, after these steps\n${listed}\n\n${message}`, {
    cause,
  });
}

/** A reduced case must fail for the same reason. */
function isAlike(failure: unknown, original: unknown): boolean {
  return (
    failure instanceof Error &&
    original instanceof Error &&
    failure.name === original.name &&
    codeOf(failure) === codeOf(original)
  );
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}

function purged(store: SpanStore): () => Promise<SpanStore> {
  return async () => {
    await store.purge();
    return store;
  };
}

/** Opens a new namespace for each case and closes the previous one. */
function fresh(open: Open): () => Promise<SpanStore> {
  let cases = 0;
  let last: SpanStore | undefined;
  return async () => {
    await last?.close();
    last = await open(`c${cases++}`);
    return last;
  };
}
