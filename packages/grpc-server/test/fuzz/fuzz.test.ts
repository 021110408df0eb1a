import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isSpanStoreError } from "@spanstore/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/config/usage-error.js";
import { mutated } from "./mutations.js";
import { createTargets } from "./targets.js";

/** How long all targets together are tried, in minutes; without it each is tried a few hundred times. */
const minutes = Number(process.env.SPANSTORE_FUZZ_MINUTES ?? 0);
const shortRuns = 400;
/** Runs of the long form after which memory is looked at. */
const runsPerRound = 2000;
/** What a decoder may have made grow when it is done and garbage is collected. */
const growthBytes = 64 * 1024 * 1024;

const targets = await createTargets();
const secondsEach = (minutes * 60) / targets.length;

describe("what strangers send is read or refused:", () => {
  it.each(targets)("$name", { timeout: (secondsEach + 120) * 1000 }, async ({ messages, read }) => {
    for (const message of messages) await read(Buffer.from(message));
    const property = fc.asyncProperty(mutated(messages), async (message) => {
      try {
        await read(message);
      } catch (error) {
        if (isSpanStoreError(error) && error.code !== "INTERNAL") return;
        if (error instanceof UsageError || error instanceof SyntaxError) return;
        throw error;
      }
    });
    await fc.assert(property, { numRuns: shortRuns });
    if (minutes === 0) return;
    const end = Date.now() + secondsEach * 1000;
    const before = heapBytes();
    while (Date.now() < end) await fc.assert(property, { numRuns: runsPerRound });
    expect(heapBytes() - before).toBeLessThan(growthBytes);
  });
});

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
