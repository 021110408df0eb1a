import assert from "node:assert/strict";
import { encodeTraces } from "../../../otlp/encode.js";
import type { Expired } from "../../../store/contract/calls.js";
import type { SpanStore } from "../../../store/contract/span-store.js";
import { labelsOf, readTraces } from "../../contents.js";
import { everything, everythingOf } from "../../everything.js";
import type { About, Suite } from "../../harness.js";
import { type TestSpan, tracesOf } from "../../spans.js";

const nanosPerDay = 86_400_000_000_000n;
/** Relative to today, since engines may treat old times differently. */
const now = BigInt(Date.now()) * 1_000_000n;
const daysAgo = (days: number): bigint => now - BigInt(days) * nanosPerDay;

const old: readonly TestSpan[] = [
  { trace: 1, id: 1, service: "old", name: "first", at: daysAgo(40) },
  { trace: 1, id: 2, parent: 1, service: "old", name: "first's child", at: daysAgo(40) + 1n },
  { trace: 2, id: 1, service: "older", name: "second", at: daysAgo(31) },
  { trace: 3, id: 1, service: "shop", name: "lasts", at: daysAgo(30) },
];
const young: readonly TestSpan[] = [
  { trace: 3, id: 2, parent: 1, service: "shop", name: "lasts", at: daysAgo(1) },
  { trace: 4, id: 1, service: "shop", name: "young", at: daysAgo(1) + 5n },
];
/** No engine's partition is long enough to have spans on both sides of this time. */
const boundary = daysAgo(15);

const labelsIn = async (store: SpanStore): Promise<string[]> =>
  (await readTraces(store.findTraces({}))).traces.flatMap(({ spans }) => spans).sort();
const namesOf = (expired: readonly Expired[]): string[] => expired.map(({ name }) => name).sort();

export function describeExpiring(suite: Suite): void {
  const about: About = { features: ["deleteBefore"] };

  suite.it(
    "removes old spans, and the names that only they have",
    async (store) => {
      await store.write(tracesOf(...old));
      await store.write(tracesOf(...young));
      assert.notDeepEqual(await store.expire(boundary), []);
      assert.deepEqual(await everything(store), await everythingOf(young));
      assert.deepEqual(await store.expire(boundary), []);
    },
    about,
  );

  suite.it(
    "a dry run lists the partitions to remove, and removes none",
    async (store) => {
      const all = [...old, ...young];
      for (const each of all) await store.write(tracesOf(each));
      const announced = await store.expire(boundary, { dryRun: true });
      assert.deepEqual(await everything(store), await everythingOf(all));
      const gone = await store.expire(boundary);
      assert.deepEqual(namesOf(gone), namesOf(announced));
      for (const expired of [announced, gone]) {
        const counts = expired.map(({ spans }) => spans).filter((spans) => spans !== undefined);
        if (counts.length > 0)
          assert.equal(
            counts.reduce((sum, spans) => sum + spans),
            old.length,
          );
      }
    },
    about,
  );

  suite.it(
    "keeps every younger span, for any time",
    async (store) => {
      const hours = Array.from(
        { length: 40 },
        (_, i): TestSpan => ({
          trace: i + 1,
          service: `s${i % 7}`,
          at: daysAgo(3) + BigInt(i) * (nanosPerDay / 24n),
        }),
      );
      await store.write(tracesOf(...hours));
      for (const at of [0, 7, 23, 24, 39]) {
        const time = (hours[at] as TestSpan & { at: bigint }).at;
        await store.expire(time);
        const left = await labelsIn(store);
        const due = labelsOf(encodeTraces(tracesOf(...hours.slice(at))));
        for (const label of due) assert.ok(left.includes(label), `${label} at ${at}`);
        // Services and operations are those of the stored spans.
        const kept = hours.filter((span) =>
          left.includes(labelsOf(encodeTraces(tracesOf(span)))[0] as string),
        );
        assert.deepEqual(await everything(store), await everythingOf(kept));
      }
    },
    about,
  );

  suite.it(
    "loses no young span while it runs twice at once during writes",
    async (store) => {
      const many = Array.from(
        { length: 600 },
        (_, i): TestSpan => ({
          trace: i + 1,
          service: "old",
          at: daysAgo(30) + BigInt(i),
        }),
      );
      await store.write(tracesOf(...many));
      const writes = Array.from(
        { length: 20 },
        (_, i): TestSpan => ({
          trace: 10_000 + i,
          service: "young",
          at: daysAgo(1) + BigInt(i),
        }),
      );
      await Promise.all([
        store.expire(boundary),
        ...writes.map((each) => store.write(tracesOf(each))),
        store.expire(boundary),
      ]);
      assert.deepEqual(await labelsIn(store), labelsOf(encodeTraces(tracesOf(...writes))).sort());
      assert.deepEqual(await store.getServices(), ["young"]);
    },
    about,
  );

  suite.it(
    "removes nothing at 0 and before",
    async (store) => {
      await store.write(tracesOf({ trace: 1, service: "shop", at: 1n }));
      assert.deepEqual(await store.expire(0n), []);
      assert.deepEqual(await store.expire(-1n), []);
      assert.deepEqual(await store.getServices(), ["shop"]);
    },
    about,
  );
}
