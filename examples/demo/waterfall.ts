import { type Span, StatusCode, type TracesData } from "@spanstore/core";
import { table } from "./table.js";
import { formatDuration } from "./units.js";

const barWidth = 40;

interface Row {
  readonly service: string;
  readonly span: Span;
  readonly depth: number;
}

/** A trace as text: its spans as a tree, each with its service, its place in time and its error. */
export function waterfall(chunks: readonly TracesData[]): string[] {
  const rows = treeOf(chunks);
  if (rows.length === 0) return ["no spans"];
  const start = min(rows.map((row) => row.span.startTimeUnixNano));
  const end = max(rows.map((row) => row.span.endTimeUnixNano));
  return table(
    [
      { title: "SERVICE" },
      { title: "SPAN" },
      { title: "TIME" },
      { title: "DURATION", right: true },
      { title: "" },
    ],
    rows.map(({ service, span, depth }) => [
      service,
      "  ".repeat(depth) + span.name,
      `|${bar(span, start, end)}|`,
      formatDuration(span.endTimeUnixNano - span.startTimeUnixNano),
      remark(span),
    ]),
  );
}

/** Depth first, children by their start. A span whose parent is not there stands at the top. */
function treeOf(chunks: readonly TracesData[]): Row[] {
  const spans: { service: string; span: Span }[] = [];
  for (const { resource, scopeSpans } of chunks.flatMap((chunk) => chunk.resourceSpans)) {
    const named = resource?.attributes.find((attribute) => attribute.key === "service.name")?.value;
    const service = named !== undefined && "stringValue" in named ? named.stringValue : "";
    for (const span of scopeSpans.flatMap((scope) => scope.spans)) spans.push({ service, span });
  }
  spans.sort((a, b) => Number(a.span.startTimeUnixNano - b.span.startTimeUnixNano));

  const ids = new Set(spans.map(({ span }) => span.spanId));
  const rows: Row[] = [];
  const addBelow = (parentSpanId: string | undefined, depth: number): void => {
    for (const { service, span } of spans) {
      const parent = ids.has(span.parentSpanId ?? "") ? span.parentSpanId : undefined;
      if (parent !== parentSpanId) continue;
      rows.push({ service, span, depth });
      addBelow(span.spanId, depth + 1);
    }
  };
  addBelow(undefined, 0);
  return rows;
}

function bar(span: Span, start: bigint, end: bigint): string {
  const scale = barWidth / Math.max(1, Number(end - start));
  const from = Math.min(barWidth - 1, Math.floor(Number(span.startTimeUnixNano - start) * scale));
  const to = Math.max(from + 1, Math.round(Number(span.endTimeUnixNano - start) * scale));
  const fill = span.status?.code === StatusCode.error ? "x" : "=";
  return " ".repeat(from) + fill.repeat(to - from) + " ".repeat(barWidth - to);
}

function remark(span: Span): string {
  if (span.status?.code !== StatusCode.error) return "";
  return span.status.message ? `error: ${span.status.message}` : "error";
}

function min(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b < a ? b : a));
}

function max(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (b > a ? b : a));
}
