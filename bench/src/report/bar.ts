import { isRefused } from "../driver/measure.js";
import type { SearchRow } from "../phases/searches.js";
import type { TargetResult } from "../run.js";
import { markdownTable, megabytes, millis, thousands } from "./table.js";

/** The demands of the project on its SQLite store, and whether this run meets them. */
interface Verdict {
  readonly what: string;
  readonly bar: string;
  readonly measured: string;
  readonly met: boolean;
}

const searchesNoSlowerThanBadger = [
  "service",
  "service + operation",
  "service + duration",
  "duration, no service",
  "service + common attribute",
  "service + rare attribute",
];

function latency(
  rows: readonly SearchRow[] | undefined,
  name: string,
): { p50: number; p99: number } | undefined {
  const row = rows?.find((candidate) => candidate.name === name);
  return row === undefined || "refused" in row ? undefined : row.latency;
}

/** A table of the bars that this run has the numbers for; undefined when it has none. */
export function barSection(results: readonly TargetResult[]): string | undefined {
  const ours = results.find((result) => result.name === "spanstore-sqlite");
  if (ours === undefined) return undefined;
  const badger = results.find((result) => result.name === "badger");
  const memory = results.find((result) => result.name === "memory");
  const verdicts = [...againstBadger(ours, badger), ...againstMemory(ours, memory), ...alone(ours)];
  if (verdicts.length === 0) return undefined;
  return markdownTable(
    ["spanstore-sqlite", "bar", "measured", "met"],
    verdicts.map(({ what, bar, measured, met }) => [what, bar, measured, met ? "yes" : "**no**"]),
  );
}

function againstBadger(ours: TargetResult, badger: TargetResult | undefined): Verdict[] {
  if (badger === undefined) return [];
  const verdicts: Verdict[] = [];
  if (ours.ingest !== undefined && badger.ingest !== undefined) {
    const ratio = ours.ingest.spansPerCpuSecond / badger.ingest.spansPerCpuSecond;
    const measured = `${ratio.toFixed(1)} times (${thousands(ours.ingest.spansPerCpuSecond)})`;
    verdicts.push({
      what: "ingest, spans per CPU second",
      bar: "4 times Badger's",
      measured,
      met: ratio >= 4,
    });
  }
  for (const name of ["trace by id", ...searchesNoSlowerThanBadger]) {
    const mine = latency(ours.searches, name);
    const theirs = latency(badger.searches, name);
    if (mine === undefined || theirs === undefined) continue;
    verdicts.push({
      what: `${name}, p50`,
      bar: `Badger's ${millis(theirs.p50)} ms`,
      measured: `${millis(mine.p50)} ms`,
      met: mine.p50 <= theirs.p50,
    });
  }
  return verdicts;
}

function againstMemory(ours: TargetResult, memory: TargetResult | undefined): Verdict[] {
  if (memory === undefined) return [];
  const verdicts: Verdict[] = [];
  const rare = "rare attribute, no service";
  const mine = latency(ours.searches, rare);
  const theirs = latency(memory.searches, rare);
  if (mine !== undefined && theirs !== undefined) {
    const measured = `${(theirs.p50 / mine.p50).toFixed(1)} times (${millis(mine.p50)} ms)`;
    verdicts.push({
      what: `${rare}, p50`,
      bar: "20 times faster than memory",
      measured,
      met: theirs.p50 / mine.p50 >= 20,
    });
  }
  const large = ours.large?.middle;
  const theirLarge = memory.large?.middle;
  if (large !== undefined && theirLarge !== undefined && !isRefused(large) && !isRefused(theirLarge)) {
    verdicts.push({
      what: "10,000 spans by id, p50",
      bar: `memory's ${millis(theirLarge.latency.p50)} ms`,
      measured: `${millis(large.latency.p50)} ms`,
      met: large.complete && large.latency.p50 <= theirLarge.latency.p50,
    });
  }
  return verdicts;
}

function alone(ours: TargetResult): Verdict[] {
  const verdicts: Verdict[] = [];
  const disk = ours.restart?.diskBytesPerSpan;
  if (disk !== undefined) {
    verdicts.push({
      what: "disk, index included",
      bar: "200 bytes a span",
      measured: disk.toFixed(0),
      met: disk <= 200,
    });
  }
  for (const row of ours.scale?.rows ?? []) {
    // A search that finds more in more spans has no bar.
    if (row.compared === 0 && row.name !== "trace by id") continue;
    const ratio = row.large.p50 / row.small.p50;
    const same = row.same === row.compared;
    verdicts.push({
      what: `${row.name} on ${ours.scale?.factor} times the spans`,
      bar: "1.5 times as slow, same newest 20",
      measured: `${ratio.toFixed(2)} times${same ? "" : ", other answers"}`,
      met: ratio <= 1.5 && same,
    });
  }
  const { dependencies } = ours;
  if (dependencies !== undefined && !isRefused(dependencies)) {
    const { firstMilliseconds, later, exact, asked } = dependencies;
    verdicts.push({
      what: "dependencies",
      bar: "3 s first, then 100 ms, exact",
      measured: `${millis(firstMilliseconds)} ms, then p50 ${millis(later.p50)}, at most ${millis(later.max)} ms; ${exact} of ${asked} exact`,
      met: firstMilliseconds <= 3000 && later.max <= 100 && exact === asked,
    });
  }
  const huge = ours.large?.huge;
  if (huge !== undefined && !isRefused(huge)) {
    const grown = Math.max(huge.grownBytes, huge.grownBytesSlowReader);
    verdicts.push({
      what: "200,000-span trace, memory grown",
      bar: "64 MB",
      measured: `${megabytes(grown)}${huge.complete ? "" : ", not whole"}`,
      met: huge.complete && grown <= 64_000_000,
    });
  }
  for (const row of ours.load?.rows ?? []) {
    if ("refused" in row) continue;
    verdicts.push({
      what: `${row.name} during ingest, p99`,
      bar: "50 ms",
      measured: `${millis(row.latency.p99)} ms`,
      met: row.latency.p99 <= 50,
    });
  }
  return verdicts;
}
