/** Colours for a light and for a dark background; colour-blind people can distinguish the two series, too. */
const style = `
  :root { --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --box: #f6f8fa; --ours: #0969da; --theirs: #bc4c00; --error: #cf222e }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #f0f6fc; --quiet: #9198a1; --line: #3d444d; --box: #151b23; --ours: #4493f8; --theirs: #f0883e; --error: #f85149 }
  }
  text { font: 13px ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: var(--ink) }
  .quiet { fill: var(--quiet) }
  .small { font-size: 12px }
  .strong { font-weight: 600 }
  .mono { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; white-space: pre }
  .middle { text-anchor: middle }
  .end { text-anchor: end }
  .box { fill: var(--box); stroke: var(--line) }
  .line { stroke: var(--quiet); fill: none }
  .grid { stroke: var(--line) }
  .ours { fill: var(--ours) }
  .theirs { fill: var(--theirs) }
  .error { fill: var(--error) }
`;

export function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export function svg(width, height, title, content) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>${style}</style>
${content.join("\n")}
</svg>
`;
}

export function label(x, y, text, kind = "") {
  return `<text x="${x}" y="${y}"${kind === "" ? "" : ` class="${kind}"`}>${escaped(text)}</text>`;
}
