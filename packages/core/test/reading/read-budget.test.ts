import { describe, expect, it } from "vitest";
import { createReadBudget, type ReadBudget } from "../../src/engine.js";
import type { HoldBytes } from "../../src/store/contract/reading.js";

const bytes = 3200;
const share = 100;

interface Run {
  readonly ended: Promise<unknown>;
  readonly hold: HoldBytes;
  readonly end: () => void;
  readonly hasBegun: () => boolean;
}

/** A read that runs until it is ended. */
function begin(budget: ReadBudget, signal?: AbortSignal, nested?: boolean): Run {
  let hold: HoldBytes | undefined;
  const { promise, resolve } = Promise.withResolvers<void>();
  const ended = budget.run(
    async (reading) => {
      hold = reading.part();
      await promise;
    },
    { signal, nested },
  );
  ended.catch(() => undefined);
  return {
    ended,
    end: resolve,
    hasBegun: () => hold !== undefined,
    hold: (now) => (hold as HoldBytes)(now),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function* numbers(): AsyncGenerator<number, void> {
  for (let n = 0; ; n++) yield n;
}

describe("the budget of reads", () => {
  it("runs 32 reads at once, the others in order of arrival, and none whose signal has fired", async () => {
    const budget = createReadBudget({ bytes });
    const leaving = new AbortController();
    const running = Array.from({ length: 32 }, () => begin(budget));
    const left = begin(budget, leaving.signal);
    const [second, third] = [begin(budget), begin(budget)];
    leaving.abort();
    await expect(left.ended).rejects.toMatchObject({ code: "ABORTED" });
    await expect(begin(budget, AbortSignal.abort()).ended).rejects.toMatchObject({ code: "ABORTED" });
    expect([...running, second].map((read) => read.hasBegun())).toEqual([...running.map(() => true), false]);
    running[7]?.end();
    await turn();
    expect([left, second, third].map((read) => read.hasBegun())).toEqual([false, true, false]);
    running[3]?.end();
    await turn();
    expect(third.hasBegun()).toBe(true);
  });

  it("makes a read wait for bytes, and serves running reads before new ones", async () => {
    const budget = createReadBudget({ bytes });
    const [first, second] = [begin(budget), begin(budget)];
    expect(first.hold(bytes - share)).toBeUndefined();
    const more = second.hold(share + 1);
    expect(more).toBeInstanceOf(Promise);
    const third = begin(budget);
    await turn();
    expect(third.hasBegun()).toBe(false);
    void first.hold(bytes - share - 1);
    await more;
    expect(third.hasBegun()).toBe(false);
    first.end();
    await turn();
    expect(third.hasBegun()).toBe(true);
  });

  it("lets the first running read exceed it, one at a time", async () => {
    const budget = createReadBudget({ bytes });
    const [first, second] = [begin(budget), begin(budget)];
    expect(first.hold(10 * bytes)).toBeUndefined();
    const more = second.hold(2 * bytes);
    expect(more).toBeInstanceOf(Promise);
    first.end();
    await more;
  });

  it("lets work that others wait for exceed it, and counts its bytes", async () => {
    const budget = createReadBudget({ bytes });
    const [first] = [begin(budget), begin(budget)];
    await budget.run(async (reading) => {
      const counted = reading.unwaiting().part();
      expect(counted(2 * bytes)).toBeUndefined();
      // The first read cannot grow meanwhile, nor does another begin.
      const more = first?.hold(2 * bytes);
      expect(more).toBeInstanceOf(Promise);
      const third = begin(budget);
      await turn();
      expect(third.hasBegun()).toBe(false);
      void counted(0);
      await more;
      first?.end();
      await turn();
      expect(third.hasBegun()).toBe(true);
    }, undefined);
  });

  it("counts the parts of a read together, and frees the bytes that a part gives back", async () => {
    const budget = createReadBudget({ bytes });
    await budget.run(async (reading) => {
      const [one, other] = [reading.part(), reading.part()];
      void one(bytes / 2);
      void other(bytes / 2);
      const waits = begin(budget);
      await turn();
      expect(waits.hasBegun()).toBe(false);
      void other(bytes / 2 - share);
      await turn();
      expect(waits.hasBegun()).toBe(true);
      waits.end();
    }, undefined);
  });

  it("ends the wait of a read whose signal fires", async () => {
    const budget = createReadBudget({ bytes });
    const leaving = new AbortController();
    const first = begin(budget);
    const second = begin(budget, leaving.signal);
    void first.hold(bytes);
    const more = second.hold(bytes);
    leaving.abort();
    await expect(more).rejects.toMatchObject({ code: "ABORTED" });
    second.end();
    await second.ended;
    first.end();
    await first.ended;
    const all = Array.from({ length: 32 }, () => begin(budget));
    expect(all.every((read) => read.hasBegun())).toBe(true);
  });

  it("ends a stream that pauses too long while others wait: frees its bytes, and its next item fails", async () => {
    const budget = createReadBudget({ bytes, longestPauseMillis: 1 });
    let freed = 0;
    const streams = Array.from({ length: 32 }, () =>
      budget.stream(async function* () {
        try {
          yield* numbers();
        } finally {
          freed++;
        }
      }, {}),
    );
    for (const stream of streams) expect(await stream.next()).toEqual({ done: false, value: 0 });
    const waits = begin(budget);
    expect(waits.hasBegun()).toBe(false);
    await expect.poll(waits.hasBegun).toBe(true);
    expect(freed).toBe(1);
    await expect(streams[0]?.next()).rejects.toMatchObject({ code: "OVERLOADED", retryAfterMillis: 1000 });
    expect(await streams[0]?.next()).toEqual({ done: true, value: undefined });
    // The other streams go on, since no read waits.
    for (const stream of streams.slice(1)) expect(await stream.next()).toEqual({ done: false, value: 1 });
  });

  it("frees a paused stream when its signal fires, when its loop ends early and when it fails", async () => {
    const budget = createReadBudget({ bytes: 32 });
    const leaving = new AbortController();
    const aborted = budget.stream(numbers, { signal: leaving.signal });
    const left = budget.stream(numbers, {});
    // biome-ignore lint/correctness/useYield: it fails before its first item.
    const failing = budget.stream(async function* () {
      throw new Error("no");
    }, {});
    await Promise.all([aborted.next(), left.next()]);
    await expect(failing.next()).rejects.toThrow("no");
    leaving.abort();
    await left.return();
    expect(Array.from({ length: 32 }, () => begin(budget)).every((read) => read.hasBegun())).toBe(true);
    await expect(aborted.next()).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("lets a read within another one run at once", async () => {
    const budget = createReadBudget({ bytes });
    const running = Array.from({ length: 32 }, () => begin(budget));
    const nested = begin(budget, undefined, true);
    expect(nested.hasBegun()).toBe(true);
    expect(nested.hold(2 * bytes)).toBeUndefined();
    expect(begin(budget).hasBegun()).toBe(false);
    for (const each of running) each.end();
  });
});
