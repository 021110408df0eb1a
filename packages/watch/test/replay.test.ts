import { openMemoryStore } from "@spanstore/core";
import { expect, it } from "vitest";
import { type Episode, replayWatches } from "../src/index.js";
import { fileOf, minute, origin, startBench, startHook, tracesOf } from "./harness.js";

const watches = [
  { name: "Errors", filter: "{ status = error }", keep_firing: "90s" },
  { name: "Ratio", metric: "error_ratio", above: 0.2, over: "1m", for: "1m" },
  { name: "Slow", metric: "p50", above: "1s", over: "2m" },
];
const nanos = 1_000_000n;
const range = {
  startTimeUnixNano: BigInt(origin) * nanos,
  endTimeUnixNano: BigInt(origin + 20 * minute) * nanos,
};

it("says what a server raises", async () => {
  await using store = openMemoryStore();
  await using hook = await startHook();
  await using bench = await startBench({ webhook: hook.url, watches });
  const spans = Array.from({ length: 200 }, (_, i) => ({
    service: i % 2 === 0 ? "shop" : "cart",
    at: origin + i * 5000,
    error: i % 40 < 20 && i % 3 === 0,
    duration: i > 100 && i < 150 ? 2000 : 1,
  }));
  for (const each of spans) {
    while (bench.now() < each.at + each.duration) await bench.after(5000);
    const traces = tracesOf(each);
    await bench.watched.write(traces);
    await store.write(traces);
  }
  while (bench.now() < origin + 20 * minute) await bench.after(5000);
  const replayed: Episode[] = [];
  for (const watch of fileOf({ watches }).watches) {
    replayed.push(...(await replayWatches(watch, store, range, new AbortController().signal)));
  }
  const named = ({ watch, labels }: Episode) => `firing ${watch} ${labels.service}`;
  expect(replayed.map(named).sort()).toEqual(hook.taken.filter((each) => each.startsWith("firing")).sort());
  expect(replayed.length).toBeGreaterThan(6);
});
