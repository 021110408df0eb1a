import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createGroupCommit, type GroupItem } from "../../src/engine.js";

interface Item {
  readonly id: number;
  readonly bytes: number;
  readonly fails: boolean;
}

type Group = readonly GroupItem<Item, number>[];

const item = (id: number, bytes = 1): Item => ({ id, bytes, fails: false });
const ids = (group: Group): number[] => group.map((each) => each.item.id);

/** A group commit whose writes the test ends. */
function held(options: { maxGroupBytes?: number; concurrency?: number; minGroupBytes?: number } = {}) {
  const begun: { readonly group: Group; readonly end: () => void; readonly fail: (error: Error) => void }[] =
    [];
  const commit = createGroupCommit<Item, number>({
    bytesOf: ({ bytes }) => bytes,
    maxGroupBytes: 100,
    ...options,
    write: (group) =>
      new Promise<void>((resolve, reject) => {
        const end = (): void => {
          for (const each of group) each.resolve(each.item.id);
          resolve();
        };
        begun.push({ group, end, fail: reject });
      }),
  });
  return { commit, begun };
}

describe("group commit", () => {
  it("gives every item its own result, in bounded groups and in order of arrival", async () => {
    const items = fc.array(fc.record({ bytes: fc.nat(20), fails: fc.boolean(), pause: fc.boolean() }), {
      maxLength: 40,
    });
    const bounds = {
      maxGroupBytes: fc.integer({ min: 1, max: 30 }),
      concurrency: fc.integer({ min: 1, max: 3 }),
    };
    await fc.assert(
      fc.asyncProperty(items, fc.record(bounds), fc.scheduler(), async (list, bound, scheduler) => {
        const groups: Group[] = [];
        let running = 0;
        const commit = createGroupCommit<Item, number>({
          bytesOf: ({ bytes }) => bytes,
          ...bound,
          write: async (group) => {
            groups.push(group);
            running++;
            expect(running).toBeLessThanOrEqual(bound.concurrency);
            await scheduler.schedule(Promise.resolve());
            for (const { item, resolve, reject } of group) {
              if (item.fails) reject(item.id);
              else resolve(item.id);
            }
            running--;
          },
        });
        const results: Promise<PromiseSettledResult<number>[]>[] = [];
        for (const [id, { bytes, fails, pause }] of list.entries()) {
          results.push(Promise.allSettled([commit({ id, bytes, fails })]));
          if (pause) await nextTurn();
        }
        const settled = await scheduler.waitFor(Promise.all(results));
        expect(settled.flat()).toEqual(
          list.map(({ fails }, id) =>
            fails ? { status: "rejected", reason: id } : { status: "fulfilled", value: id },
          ),
        );
        expect(groups.flatMap(ids)).toEqual(list.map((_, id) => id));
        for (const group of groups) {
          const bytes = group.reduce((sum, each) => sum + each.item.bytes, 0);
          expect(group.length === 1 || bytes <= bound.maxGroupBytes).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("groups the items of one turn, and those that arrive during a write", async () => {
    const { commit, begun } = held();
    const first = [commit(item(1)), commit(item(2))];
    await nextTurn();
    expect(begun.map(({ group }) => ids(group))).toEqual([[1, 2]]);
    const second = [commit(item(3))];
    await nextTurn();
    second.push(commit(item(4)));
    await nextTurn();
    expect(begun).toHaveLength(1);
    begun[0]?.end();
    expect(await Promise.all(first)).toEqual([1, 2]);
    await nextTurn();
    await nextTurn();
    expect(begun.map(({ group }) => ids(group))).toEqual([
      [1, 2],
      [3, 4],
    ]);
    begun[1]?.end();
    expect(await Promise.all(second)).toEqual([3, 4]);
  });

  it("begins another group beside the first only for enough bytes", async () => {
    const { commit, begun } = held({ concurrency: 2, minGroupBytes: 10 });
    const results = [commit(item(1))];
    await nextTurn();
    results.push(commit(item(2, 9)));
    await nextTurn();
    expect(begun).toHaveLength(1);
    results.push(commit(item(3, 1)));
    await nextTurn();
    expect(begun.map(({ group }) => ids(group))).toEqual([[1], [2, 3]]);
    for (const { end } of begun) end();
    expect(await Promise.all(results)).toEqual([1, 2, 3]);
  });

  it("removes an item from the queue when its signal fires, and keeps the others", async () => {
    const { commit, begun } = held();
    const leaving = new AbortController();
    const results = [commit(item(1))];
    await nextTurn();
    results.push(commit(item(2, 60)));
    const left = commit(item(3, 60), leaving.signal);
    results.push(commit(item(4, 40)));
    leaving.abort("gone");
    await expect(left).rejects.toMatchObject({ code: "ABORTED", cause: "gone" });
    expect(getEventListeners(leaving.signal, "abort")).toEqual([]);
    begun[0]?.end();
    await nextTurn();
    await nextTurn();
    // The bytes of the removed item do not count.
    expect(begun.map(({ group }) => ids(group))).toEqual([[1], [2, 4]]);
    begun[1]?.end();
    expect(await Promise.all(results)).toEqual([1, 2, 4]);
  });

  it("writes nothing when all waiting items were removed, and goes on afterwards", async () => {
    const { commit, begun } = held();
    const leaving = new AbortController();
    const left = commit(item(1), leaving.signal);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: "ABORTED" });
    await nextTurn();
    expect(begun).toEqual([]);
    await expect(commit(item(2), leaving.signal)).rejects.toMatchObject({ code: "ABORTED" });
    const next = commit(item(3));
    await nextTurn();
    begun[0]?.end();
    expect(await next).toBe(3);
  });

  it("ends a call at once when its signal fires during the write of its group, and the others with the group", async () => {
    const { commit, begun } = held();
    const leaving = new AbortController();
    const left = commit(item(1), leaving.signal);
    const staying = commit(item(2));
    await nextTurn();
    leaving.abort("gone");
    await expect(left).rejects.toMatchObject({ code: "ABORTED", cause: "gone" });
    begun[0]?.end();
    expect(await staying).toBe(2);
    const signal = new AbortController().signal;
    const last = commit(item(3), signal);
    await nextTurn();
    await nextTurn();
    begun[1]?.end();
    expect(await last).toBe(3);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("fails the items without a result when their group fails, and writes the next group", async () => {
    const { commit, begun } = held({ maxGroupBytes: 2 });
    const results = [commit(item(1)), commit(item(2)), commit(item(3))];
    await nextTurn();
    begun[0]?.group[0]?.resolve(1);
    begun[0]?.fail(new Error("full"));
    expect(await results[0]).toBe(1);
    await expect(results[1]).rejects.toThrow("full");
    await nextTurn();
    await nextTurn();
    expect(begun.map(({ group }) => ids(group))).toEqual([[1, 2], [3]]);
    begun[1]?.end();
    expect(await results[2]).toBe(3);
  });

  it("answers every call", async () => {
    const commit = createGroupCommit<Item, number>({
      bytesOf: () => 1,
      maxGroupBytes: 10,
      write: async (group) => group[0]?.resolve(1),
    });
    const results = await Promise.allSettled([commit(item(1)), commit(item(2))]);
    expect(results).toMatchObject([{ value: 1 }, { reason: { code: "INTERNAL" } }]);
  });
});
