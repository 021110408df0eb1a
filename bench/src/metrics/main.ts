import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { MetricsQuery, SpanStore } from "@spanstore/core";
import { openSqliteStore } from "@spanstore/sqlite";
import { parseWatchFile, startWatcher } from "@spanstore/watch";
import { batchesOf } from "../data/batches.js";
import { spansPerTrace } from "../data/flows.js";
import { createRandom } from "../data/random.js";
import type { DataSet } from "../data/trace.js";
import { watchedFilters } from "./filters.js";
import { addSpans, type Counts, isExact } from "./truth.js";

// Metrics of the spans and watches over them, on SQLite in this process: processor seconds, and whether the answers are
// what the generator knows.

const { values } = parseArgs({
  options: {
    spans: { type: "string", default: "1000000" },
    dir: { type: "string" },
    // Watches nothing, so that the difference shown is noise.
    control: { type: "boolean", default: false },
  },
});
const spans = Number(values.spans);
const traces = spans / spansPerTrace;
const set: DataSet = { seed: 1, traces, endNano: 1_780_000_000_000_000_000n };
const folder = mkdtempSync(join(values.dir ?? tmpdir(), "spanstore-metrics-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "spans.sqlite");
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Processor seconds of all threads, and seconds. */
async function measured<T>(work: () => Promise<T>): Promise<{ cpu: number; seconds: number; result: T }> {
  const before = process.cpuUsage();
  const began = performance.now();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1e6, seconds: (performance.now() - began) / 1000, result };
}
const figures = ({ cpu, seconds }: { cpu: number; seconds: number }): string =>
  `${cpu.toFixed(3)} processor s, ${seconds.toFixed(3)} s`;

let store = await openSqliteStore({ path });
const { file, problems } = parseWatchFile(
  JSON.stringify({ watches: watchedFilters.map((filter, i) => ({ name: `watch ${i}`, filter })) }),
  "the bench's watches",
);
if (file === undefined) throw problems?.[0];
const refused = (what: string) => (error: unknown) => {
  throw new Error(`a watch: ${what}`, { cause: error });
};
const watcher = await startWatcher({
  file,
  state: join(folder, "watches.state"),
  storeOf: () => store,
  events: {
    began: () => {},
    delivered: () => {},
    failed: (what, error) => refused(what)(error),
    unasked: (fragments) => say(`unasked: ${fragments} fragments`),
    full: () => {},
  },
});
const watched = watcher.tap(store, undefined);

// Blocks of batches are watched or not by chance, so that both meet the same machine and the same merges of the index.
const batchesPerBlock = 3;
const random = createRandom(7);
const spent = { plain: { cpu: 0, spans: 0 }, watched: { cpu: 0, spans: 0 } };
let batches: Uint8Array[] = [];
let block = 0;
const writeBlock = async (): Promise<void> => {
  const kind = random.next() % 2 === 0 ? "plain" : "watched";
  const to: SpanStore = kind === "plain" || values.control ? store : watched;
  const { cpu } = await measured(async () => {
    for (const traces of batches) await to.write(traces);
  });
  // The first ones warm up.
  if (block >= 4) {
    spent[kind].cpu += cpu;
    spent[kind].spans += batches.length * 1000;
  }
  block++;
  batches = [];
};
for (const { bytes } of batchesOf(set, traces - 1, 0, 1000, "whole")) {
  batches.push(bytes);
  if (batches.length === batchesPerBlock) await writeBlock();
}
if (batches.length > 0) await writeBlock();
const perSpan = ({ cpu, spans }: { cpu: number; spans: number }): number => (cpu / spans) * 1e6;
say(`ingest: ${perSpan(spent.plain).toFixed(2)} us of processor time a span`);
say(
  `ingest with ${watchedFilters.length} watches: ${perSpan(spent.watched).toFixed(2)} us, ${((perSpan(spent.watched) / perSpan(spent.plain) - 1) * 100).toFixed(1)} % more; ${watcher.firing()} alerts fire`,
);
await watcher.close();

const counts: Counts = new Map();
addSpans(set, 0, traces - 1, counts);
const hour: MetricsQuery = {
  startTimeUnixNano:
    ((set.endNano - BigInt(traces + 60_000) * 36_000_000n) / 60_000_000_000n) * 60_000_000_000n,
  endTimeUnixNano: (set.endNano / 60_000_000_000n + 10n) * 60_000_000_000n,
  groupBy: ["service", "operation"],
};
const byMinute: MetricsQuery = { ...hour, stepNano: 60_000_000_000n };

let wrong = 0;
const ask = async (what: string, query: MetricsQuery): Promise<void> => {
  const answer = await measured(() => store.getMetrics(query));
  const exact = isExact(answer.result, counts);
  if (!exact) wrong++;
  say(`${what}: ${figures(answer)}; ${exact ? "exact" : "WRONG"}`);
};
await ask("first question, all of the time in one point", hour);
await ask("again", hour);
await ask("minute by minute", byMinute);
await ask("again", byMinute);

let newest = -1;
const later = { cpu: 0, seconds: 0 };
const rounds = 10;
for (let round = 0; round < rounds; round++) {
  const last = newest - 100 + 1;
  for (const { bytes } of batchesOf(set, newest, last, 1000, "whole")) await store.write(bytes);
  addSpans(set, last, newest, counts);
  newest = last - 1;
  const { cpu, seconds, result } = await measured(() => store.getMetrics(hour));
  if (!isExact(result, counts)) wrong++;
  later.cpu += cpu / rounds;
  later.seconds += seconds / rounds;
}
say(`each after another 1000 spans: ${figures(later)}`);

await store.close();
const size = statSync(path).size / (spans + rounds * 1000);
store = await openSqliteStore({ path });
await ask("first question after a restart", hour);
say(`${size.toFixed(1)} bytes a span in the database; ${wrong} answers are wrong`);
await store.close();
if (wrong > 0) process.exitCode = 1;
