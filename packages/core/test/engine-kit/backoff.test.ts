import { getEventListeners } from "node:events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createBackoff, pause } from "../../src/engine.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** How long a wait lasts by the fake clock. */
async function lasts(wait: () => Promise<void>): Promise<number> {
  const began = performance.now();
  const ended = wait();
  await vi.runAllTimersAsync();
  await ended;
  return performance.now() - began;
}

describe("waits between tries", () => {
  it("double up to the longest, and each lasts between half its time and all of it", async () => {
    const bounds = fc.record({
      firstMillis: fc.integer({ min: 1, max: 100 }),
      times: fc.integer({ min: 1, max: 50 }),
    });
    await fc.assert(
      fc.asyncProperty(bounds, async ({ firstMillis, times }) => {
        const longestMillis = firstMillis * times;
        const { wait } = createBackoff({ firstMillis, longestMillis, forMillis: 0 });
        for (let most = firstMillis, n = 0; n < 8; n++, most = Math.min(most * 2, longestMillis)) {
          const millis = await lasts(wait);
          // The fake clock counts whole milliseconds.
          expect(millis).toBeGreaterThanOrEqual(Math.floor(most / 2));
          expect(millis).toBeLessThanOrEqual(Math.ceil(most));
        }
      }),
      { numRuns: 50 },
    );
  });

  it("differ between callers that fail at the same time", async () => {
    const millis = new Set<number>();
    for (let n = 0; n < 20; n++) {
      millis.add(await lasts(createBackoff({ firstMillis: 1000, longestMillis: 1000, forMillis: 0 }).wait));
    }
    expect(millis.size).toBeGreaterThan(10);
  });

  it("end at the deadline, counted from the first failure or from `began`", async () => {
    const options = { firstMillis: 100, longestMillis: 100, forMillis: 1000 };
    const began = performance.now();
    const late = createBackoff(options);
    const early = createBackoff({ ...options, began });
    vi.advanceTimersByTime(950);
    expect(early.mayTryAgain()).toBe(false);
    expect(late.mayTryAgain()).toBe(true);
    vi.advanceTimersByTime(900);
    expect(late.mayTryAgain()).toBe(true);
    vi.advanceTimersByTime(1);
    expect(late.mayTryAgain()).toBe(false);
  });

  it("are short again after a reset, with a new deadline", async () => {
    const { mayTryAgain, wait, reset } = createBackoff({
      firstMillis: 100,
      longestMillis: 10_000,
      forMillis: 1000,
    });
    expect(mayTryAgain()).toBe(true);
    for (let n = 0; n < 6; n++) await lasts(wait);
    expect(mayTryAgain()).toBe(false);
    reset();
    expect(mayTryAgain()).toBe(true);
    expect(await lasts(wait)).toBeLessThanOrEqual(100);
  });

  it("never begin without time", () => {
    expect(createBackoff({ firstMillis: 1, longestMillis: 1, forMillis: 0 }).mayTryAgain()).toBe(false);
  });
});

describe("a pause", () => {
  it("ends with ABORTED as soon as its signal fires, and leaves nothing behind", async () => {
    const leaving = new AbortController();
    const ended = pause(1000, leaving.signal);
    const wait = createBackoff({
      firstMillis: 1000,
      longestMillis: 1000,
      forMillis: 0,
      signal: leaving.signal,
    }).wait();
    leaving.abort("gone");
    for (const each of await Promise.allSettled([ended, wait]))
      expect(each).toMatchObject({ reason: { code: "ABORTED", cause: "gone" } });
    expect(vi.getTimerCount()).toBe(0);
    await expect(pause(1000, leaving.signal)).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("keeps no listener when it is over", async () => {
    const { signal } = new AbortController();
    expect(await lasts(() => pause(1000, signal))).toBe(1000);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
