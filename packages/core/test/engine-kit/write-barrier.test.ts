import { createWriteBarrier } from "@spanstore/core/engine";
import { describe, expect, it } from "vitest";

describe("a write barrier", () => {
  it("opens once no write with this number or a lower one is running", async () => {
    const barrier = createWriteBarrier();
    for (const number of [3, 3, 5, 9]) barrier.begin(number);
    const passed: number[] = [];
    const waits = [2, 3, 5, 6].map((number) => barrier.passed(number).then(() => passed.push(number)));
    const turn = async (): Promise<number[]> => {
      await new Promise(setImmediate);
      return [...passed];
    };
    expect(await turn()).toEqual([2]);
    barrier.end(3);
    expect(await turn()).toEqual([2]);
    expect(barrier.lowest()).toBe(3);
    barrier.end(3);
    expect(await turn()).toEqual([2, 3]);
    // A write that begins meanwhile has a higher number and does not delay it.
    barrier.begin(7);
    barrier.end(5);
    await Promise.all(waits);
    expect(passed).toEqual([2, 3, 5, 6]);
    expect(barrier.isIdle()).toBe(false);
    barrier.end(7);
    barrier.end(9);
    expect(barrier.isIdle()).toBe(true);
    expect(barrier.lowest()).toBeUndefined();
  });

  it("ends a wait with ABORTED when its signal fires", async () => {
    const barrier = createWriteBarrier();
    barrier.begin(1);
    const abort = new AbortController();
    const wait = barrier.passed(1, abort.signal);
    abort.abort();
    await expect(wait).rejects.toMatchObject({ code: "ABORTED" });
    barrier.end(1);
    await barrier.passed(1);
  });
});
