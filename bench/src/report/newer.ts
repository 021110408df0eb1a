import { isRefused, type Refused } from "../driver/measure.js";
import type { SecondOpinion } from "../phases/checks/reference.js";
import type { FilterResult } from "../phases/filters.js";
import { agreementText } from "../phases/searches.js";
import type { TargetResult } from "../run.js";
import { markdownTable, millis, thousands } from "./table.js";

type Outcome = { readonly memory: SecondOpinion } | Refused | undefined;

function known(result: TargetResult): FilterResult | undefined {
  return result.filters === undefined || isRefused(result.filters) ? undefined : result.filters;
}

/** Three columns for each target that knows structured filters, and the names of the others. */
export function filterSection(results: readonly TargetResult[]): string | undefined {
  const asked = results.filter((result) => known(result) !== undefined);
  const names = [...new Set(asked.flatMap((result) => (known(result)?.rows ?? []).map(({ name }) => name)))];
  const head = asked.flatMap(({ name }) => [`${name}: p50 / p99, ms`, "server CPU ms a call", "answers"]);
  const rows = names.map((name) => [name, ...asked.flatMap((result) => filterCells(known(result), name))]);
  const table = rows.length === 0 ? undefined : markdownTable(["structured filter", ...head], rows);
  return withNotes(table, results, (result) => result.filters);
}

function filterCells(filters: FilterResult | undefined, name: string): string[] {
  const row = filters?.rows.find((candidate) => candidate.name === name);
  if (row === undefined) return ["–", "–", "–"];
  if ("refused" in row) return ["refused", "–", row.refused];
  const { latency, cpuMilliseconds, agreement, verdict = "" } = row;
  return [
    `${millis(latency.p50)} / ${millis(latency.p99)}`,
    cpuCell(cpuMilliseconds),
    agreement === undefined ? verdict : agreementText(agreement),
  ];
}

function cpuCell(milliseconds: number): string {
  return Number.isNaN(milliseconds) ? "–" : millis(milliseconds);
}

/** A row for each walk of each target that pages, and the names of the others. */
export function pagesSection(results: readonly TargetResult[]): string | undefined {
  const rows = results.flatMap(({ name, pages }) =>
    pages === undefined || isRefused(pages) ? [] : pages.rows.map((row) => [name, row] as const),
  );
  const head = [
    "walk through a hundred pages",
    "results a page",
    "a page, p50 / p99 ms",
    "first ten of a walk, p50",
    "last ten, p50",
    "server CPU ms a page",
    "pages asked",
    "answers",
  ];
  const cells = rows.map(([name, row]) => {
    const label = `${name}: ${row.name}`;
    if (isRefused(row)) return [label, "–", "refused", "–", "–", "–", "–", row.refused];
    const { latency, begin, end, cpuMilliseconds, pageSize, pages, verdict } = row;
    return [
      label,
      String(pageSize),
      `${millis(latency.p50)} / ${millis(latency.p99)}`,
      millis(begin.p50),
      millis(end.p50),
      cpuCell(cpuMilliseconds),
      thousands(pages),
      verdict,
    ];
  });
  const table = cells.length === 0 ? undefined : markdownTable(head, cells);
  return withNotes(table, results, (result) => result.pages);
}

function withNotes(
  table: string | undefined,
  results: readonly TargetResult[],
  outcome: (result: TargetResult) => Outcome,
): string | undefined {
  const notes = results.flatMap((result) => {
    const found = outcome(result);
    if (found === undefined) return [];
    if (isRefused(found)) return [`- ${result.name} was not asked: ${found.refused}`];
    const { asked, equal, spans } = found.memory;
    return [
      `- ${result.name}: ${equal} of ${asked} answers about the newest ${thousands(spans)} spans equal the memory engine's`,
    ];
  });
  const parts = [table, notes.join("\n")].filter((part) => part !== undefined && part !== "");
  return parts.length === 0 ? undefined : parts.join("\n\n");
}
