import type { TargetResult } from "../run.js";

/** One measure in a table: a cell for each target, and a number by which targets are compared. */
export interface Measure {
  readonly label: string;
  /** Whether more or less of it is better; without it no ratio is shown. */
  readonly better?: "more" | "less";
  readonly cell: (result: TargetResult) => string | undefined;
  readonly number?: (result: TargetResult) => number | undefined;
}

/** Markdown of rows of cells. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** How many times better `ours` is than `theirs`: above 1 is in our favour. */
function ratioOf(ours: number, theirs: number, better: "more" | "less"): number {
  return better === "more" ? ours / theirs : theirs / ours;
}

function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return "–";
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(ratio >= 2 ? 1 : 2);
}

/**
 * A column for each target, then one for each pair of our first target and a peer with how many times better ours is.
 * Rows without any cell are left out; undefined when no row is left.
 */
export function comparison(
  first: string,
  results: readonly TargetResult[],
  measures: readonly Measure[],
): string | undefined {
  const ours = results.find((result) => result.ours);
  const peers = ours === undefined ? [] : results.filter((result) => result !== ours);
  const rows = measures
    .map((measure) => {
      const cells = results.map((result) => measure.cell(result));
      const ratios = peers.map((peer) => {
        const mine = ours === undefined ? undefined : measure.number?.(ours);
        const theirs = measure.number?.(peer);
        if (mine === undefined || theirs === undefined || measure.better === undefined) return "–";
        return formatRatio(ratioOf(mine, theirs, measure.better));
      });
      return { label: measure.label, cells, ratios };
    })
    .filter(({ cells }) => cells.some((cell) => cell !== undefined));
  if (rows.length === 0) return undefined;
  const head = [
    first,
    ...results.map(({ name }) => name),
    ...peers.map(({ name }) => `times better than ${name}`),
  ];
  return markdownTable(
    head,
    rows.map(({ label, cells, ratios }) => [label, ...cells.map((cell) => cell ?? "–"), ...ratios]),
  );
}

export function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

/** Three digits or so of a time in milliseconds. */
export function millis(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
