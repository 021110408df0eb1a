import { type Span, StatusCode, type TracesData } from "../model/trace.js";
import { plain } from "./plain.js";
import { table } from "./table.js";
import { formatDuration } from "./units.js";

const barWidth = 40;
/** Deeper spans are not indented further; their depth precedes the name. */
const mostIndented = 32;

interface Placed {
  readonly service: string;
  readonly span: Span;
}

interface Row extends Placed {
  readonly depth: number;
}

/** A trace as text: its spans as a tree with service, name, a bar over time, duration and error. */
export function waterfall(chunks: readonly TracesData[]): string[] {
  const rows = treeOf(chunks);
  if (rows.length === 0) return ["no spans"];
  const start = rows.reduce(
    (least, { span }) => smaller(least, span.startTimeUnixNano),
    rows[0]?.span.startTimeUnixNano ?? 0n,
  );
  const end = rows.reduce((most, { span }) => larger(most, span.endTimeUnixNano), start);
  return table(
    [
      { title: "SERVICE" },
      { title: "SPAN" },
      { title: "TIME" },
      { title: "DURATION", right: true },
      { title: "" },
    ],
    rows.map(({ service, span, depth }) => [
      plain(service),
      indented(depth) + plain(span.name),
      `|${bar(span, start, end)}|`,
      formatDuration(span.endTimeUnixNano - span.startTimeUnixNano),
      remark(span),
    ]),
  );
}

/**
 * Orders spans depth first, children by start. A span without its parent is a root; of a cycle of parents, the earliest span is
 * the root.
 */
function treeOf(chunks: readonly TracesData[]): Row[] {
  const spans = placedSpans(chunks);
  const ids = new Set(spans.map(({ span }) => span.spanId));
  const roots: Placed[] = [];
  const children = new Map<string, Placed[]>();
  for (const placed of spans) {
    const { spanId, parentSpanId = "" } = placed.span;
    if (!ids.has(parentSpanId) || parentSpanId === spanId) roots.push(placed);
    else append(children, parentSpanId, placed);
  }
  const rows: Row[] = [];
  const shown = new Set<string>();
  const show = (root: Placed): void => {
    const waiting: Row[] = [{ ...root, depth: 0 }];
    for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
      rows.push(row);
      const { spanId } = row.span;
      // Spans may share an id, like both sides of a call in Zipkin. The first gets the children.
      if (shown.has(spanId)) continue;
      shown.add(spanId);
      const depth = row.depth + 1;
      for (const child of (children.get(spanId) ?? []).toReversed()) waiting.push({ ...child, depth });
    }
  };
  for (const root of roots) show(root);
  for (const placed of spans) {
    const { spanId, parentSpanId = "" } = placed.span;
    if (shown.has(spanId) || shown.has(parentSpanId)) continue;
    children.set(
      parentSpanId,
      (children.get(parentSpanId) ?? []).filter((child) => child !== placed),
    );
    show(placed);
  }
  return rows;
}

/** All spans, by start. */
function placedSpans(chunks: readonly TracesData[]): Placed[] {
  const spans: Placed[] = [];
  for (const { resource, scopeSpans } of chunks.flatMap((chunk) => chunk.resourceSpans)) {
    const named = resource?.attributes?.find((attribute) => attribute.key === "service.name")?.value;
    const service = named !== undefined && "stringValue" in named ? named.stringValue : "";
    for (const { spans: ofScope } of scopeSpans) for (const span of ofScope) spans.push({ service, span });
  }
  return spans.sort((a, b) => order(a.span.startTimeUnixNano, b.span.startTimeUnixNano));
}

function indented(depth: number): string {
  return "  ".repeat(Math.min(depth, mostIndented)) + (depth > mostIndented ? `(${depth}) ` : "");
}

function append(lists: Map<string, Placed[]>, key: string, placed: Placed): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [placed]);
  else list.push(placed);
}

function bar(span: Span, start: bigint, end: bigint): string {
  const scale = barWidth / Math.max(1, Number(end - start));
  const from = Math.min(barWidth - 1, Math.floor(Number(span.startTimeUnixNano - start) * scale));
  const until = Math.round(Number(span.endTimeUnixNano - start) * scale);
  const to = Math.min(barWidth, Math.max(from + 1, until));
  const fill = span.status?.code === StatusCode.error ? "x" : "=";
  return " ".repeat(from) + fill.repeat(to - from) + " ".repeat(barWidth - to);
}

function remark(span: Span): string {
  if (span.status?.code !== StatusCode.error) return "";
  return span.status.message ? `error: ${plain(span.status.message)}` : "error";
}

function smaller(a: bigint, b: bigint): bigint {
  return b < a ? b : a;
}

function larger(a: bigint, b: bigint): bigint {
  return b > a ? b : a;
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
