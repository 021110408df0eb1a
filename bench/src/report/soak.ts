import type { SoakSample } from "../phases/soak.js";
import type { TargetResult } from "../run.js";
import { markdownTable, megabytes, millis, thousands } from "./table.js";

/** Rows of the table; the charts have every sample. */
const rowsShown = 12;

export function soakSection({ soak }: TargetResult): string | undefined {
  if (soak === undefined) return undefined;
  const { samples, traces, rate, faults } = soak;
  const step = Math.max(1, Math.ceil(samples.length / rowsShown));
  const shown = samples.filter((_, at) => (at + 1) % step === 0 || at === samples.length - 1);
  const hasDisk = samples.some(({ diskBytes }) => diskBytes !== undefined);
  return [
    `Sent: ${thousands(rate)} spans/s. At the end ${thousands(traces.whole)} of ${thousands(traces.asked)} acknowledged traces were whole, ` +
      `${thousands(traces.identical)} byte for byte as they were written` +
      `${traces.late === 0 ? "" : `, ${thousands(traces.late)} of these only when they were asked for again`}.`,
    markdownTable(
      [
        "minute",
        "spans/s",
        "searches p50 / p99 / max, ms",
        "faults",
        "refusals",
        "cores",
        "resident",
        "disk",
      ],
      shown.map((sample) => rowOf(sample)),
    ),
    ...(faults.size === 0
      ? []
      : [[...faults].map(([fault, count]) => `- ${count} times ${fault}`).join("\n")]),
    chart("Search latency, ms: p50 and p99", "ms", samples, [(s) => s.searches.p50, (s) => s.searches.p99]),
    chart("Resident memory, MB", "MB", samples, [(s) => s.residentBytes / 1e6]),
    chart("Spans written, thousands a second", "thousands", samples, [(s) => s.spansPerSecond / 1000]),
    ...(hasDisk ? [chart("Disk, MB", "MB", samples, [(s) => (s.diskBytes ?? 0) / 1e6])] : []),
    chart("Searches that failed", "searches", samples, [(s) => s.faults]),
  ].join("\n\n");
}

function rowOf(sample: SoakSample): string[] {
  const { searches, diskBytes } = sample;
  return [
    sample.minutes.toFixed(1),
    thousands(sample.spansPerSecond),
    `${millis(searches.p50)} / ${millis(searches.p99)} / ${millis(searches.max)}`,
    String(sample.faults),
    String(sample.refusals),
    sample.cores.toFixed(2),
    megabytes(sample.residentBytes),
    diskBytes === undefined ? "–" : megabytes(diskBytes),
  ];
}

/** A Mermaid chart, which Markdown viewers draw. */
function chart(
  title: string,
  unit: string,
  samples: readonly SoakSample[],
  lines: readonly ((sample: SoakSample) => number)[],
): string {
  const last = samples.at(-1)?.minutes ?? 1;
  const values = lines.map((line) => samples.map((sample) => round(line(sample))));
  const top = Math.max(1, ...values.flat());
  return [
    "```mermaid",
    "xychart-beta",
    `  title "${title}"`,
    `  x-axis "minutes" 0 --> ${round(last)}`,
    `  y-axis "${unit}" 0 --> ${round(top * 1.1)}`,
    ...values.map((line) => `  line [${line.join(", ")}]`),
    "```",
  ].join("\n");
}

function round(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 10) / 10 : 0;
}
