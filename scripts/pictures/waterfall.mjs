import { escaped, svg } from "./svg.mjs";

const lineHeight = 17;

/** A terminal with what `npm run demo` prints of a trace: bars in the colour of ours, failed ones in that of errors. */
export function waterfall(text) {
  const lines = text.trimEnd().split("\n");
  const width = 24 + Math.max(...lines.map((line) => line.length)) * 7.25;
  const height = 24 + lines.length * lineHeight;
  const rows = lines.map((line, i) => {
    const isError = line.includes("error:");
    const marked = escaped(line).replace(
      /\|[ =x]+\|/,
      (bar) => `<tspan class="${isError ? "error" : "ours"}">${bar}</tspan>`,
    );
    return `<text x="12" y="${26 + i * lineHeight}" class="mono${i === 0 ? " strong" : ""}" xml:space="preserve">${marked}</text>`;
  });
  const frame = `<rect x="0.5" y="0.5" width="${Math.ceil(width) - 1}" height="${height - 1}" rx="6" class="box"/>`;
  return svg(Math.ceil(width), height, "A trace as a waterfall of text", [frame, ...rows]);
}
