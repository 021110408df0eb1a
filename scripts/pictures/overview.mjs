import { label, svg } from "./svg.mjs";

const left = [
  ["OpenTelemetry SDKs", "OTLP"],
  ["Jaeger 1 and 2", "remote storage"],
  ["your program", "@spanstore/core"],
];
const right = [
  ["SQLite", "embedded, the default"],
  ["Manticore Search", "many servers, SQL"],
  ["Elasticsearch", "a cluster you have"],
  ["memory", "tests"],
];

function box(x, y, width, height, title, note) {
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" class="box"/>`,
    label(x + width / 2, y + height / 2 - 3, title, "middle strong"),
    label(x + width / 2, y + height / 2 + 15, note, "middle small quiet"),
  ];
}

const arrow = (x1, y1, x2, y2) => `<path d="M${x1} ${y1} L${x2} ${y2}" class="line" marker-end="url(#tip)"/>`;

/** The senders and readers, spanstore itself, and its backends. */
export function overview() {
  const content = [
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" class="quiet"/></marker></defs>',
  ];
  left.forEach(([title, note], i) => {
    const y = 24 + i * 76;
    content.push(...box(10, y, 170, 54, title, note), arrow(184, y + 27, 276, 127));
  });
  content.push(...box(280, 60, 200, 134, "spanstore", "one SpanStore, one search"));
  content.push(label(380, 162, "filters · pages · summaries", "middle small quiet"));
  right.forEach(([title, note], i) => {
    const y = 6 + i * 62;
    content.push(arrow(484, 127, 576, y + 25), ...box(580, y, 170, 50, title, note));
  });
  return svg(760, 254, "What sends spans to spanstore, and where it keeps them", content);
}
