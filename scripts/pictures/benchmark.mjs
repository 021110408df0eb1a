import { label, svg } from "./svg.mjs";

const shown = [
  "trace by id",
  "service",
  "service + operation",
  "service + common attribute",
  "service + rare attribute",
  "rare attribute, no service",
  "duration, no service",
  "service + error",
];
const left = 200;
const barWidth = 440;
const rowHeight = 40;

/** The rows of a report's table by their first cell: p50 in milliseconds of each column. */
function mediansOf(report, heading) {
  const [, section = ""] = report.split(`## ${heading}\n`);
  const rows = section
    .split("\n## ")[0]
    .split("\n")
    .filter((line) => line.startsWith("| "));
  return new Map(
    rows.map((row) => {
      const [name, ...cells] = row.slice(2, -2).split(" | ");
      return [name, cells.map((cell) => Number.parseFloat(cell))];
    }),
  );
}

/** Searches of a million spans: two bars a question, shorter is better. */
export function benchmark(report) {
  const medians = mediansOf(report, "Searches, quiet server");
  const rows = shown.map((name) => ({ name, values: medians.get(name).slice(0, 2) }));
  const most = Math.max(...rows.flatMap(({ values }) => values));
  const scale = (value) => (value / most) * barWidth;
  const height = 64 + rows.length * rowHeight;
  const content = [
    label(left, 22, "p50 in milliseconds, a million spans, newest 20 traces", "quiet small"),
    `<rect x="${left}" y="32" width="10" height="10" class="ours"/>`,
    label(left + 16, 41, "spanstore on Manticore Search", "small"),
    `<rect x="${left + 210}" y="32" width="10" height="10" class="theirs"/>`,
    label(left + 226, 41, "Jaeger on Elasticsearch 9.5", "small"),
  ];
  rows.forEach(({ name, values }, i) => {
    const y = 58 + i * rowHeight;
    content.push(label(left - 10, y + 18, name, "end"));
    values.forEach((value, series) => {
      const barY = y + series * 14;
      content.push(
        `<rect x="${left}" y="${barY}" width="${scale(value).toFixed(1)}" height="12" class="${series === 0 ? "ours" : "theirs"}"/>`,
        label(left + scale(value) + 5, barY + 10, String(value), "small"),
      );
    });
  });
  return svg(left + barWidth + 50, height, "Searches of a million spans", content);
}
