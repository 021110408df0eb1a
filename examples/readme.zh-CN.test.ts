import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const textOf = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");

/** The parts that are the same in every language: the code, the shape of the page, and the targets of its links. */
function shapeOf(text: string) {
  const blocks = [...text.matchAll(/^```[\s\S]*?^```$/gm)].map(([block]) => block);
  const prose = text.replace(/^```[\s\S]*?^```$/gm, "");
  const lines = prose.split("\n");
  return {
    blocks,
    headings: lines.flatMap((line) => /^#+ /.exec(line) ?? []),
    tables: lines.filter((line) => line.startsWith("|")).map((line) => line.split(/(?<!\\)\|/).length),
    links: [...prose.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = ""]) => target).sort(),
    // Code within a line is a name, and is not translated.
    names: [...prose.matchAll(/`([^`\n]+)`/g)].map(([, name = ""]) => name).sort(),
  };
}

/** Each page and its translation. */
const pages: readonly (readonly [original: string, translated: string])[] = [
  ["README.md", "README.zh-CN.md"],
  ...[
    "library",
    "operations",
    "jaeger-versions",
    "promises",
    "errors",
    "filter",
    "http-api",
    "manticore-sql",
  ].map((name) => [`docs/${name}.md`, `docs/zh-CN/${name}.md`] as const),
];

/** The target of a page's link, as a path of the tree; a translated page counts as its original. */
function targetOf(page: string, link: string): string {
  if (link.includes("://")) return link;
  const path = posix.join(posix.dirname(page), link);
  return pages.find(([, translated]) => translated === path)?.[0] ?? path;
}

describe.each(pages)("%s and %s", (original, translated) => {
  const english = shapeOf(textOf(original));
  const chinese = shapeOf(textOf(translated));
  const ofEachOther = [original, translated];
  const targets = (page: string, links: readonly string[]) =>
    links
      .map((link) => targetOf(page, link))
      .filter((target) => !ofEachOther.includes(target))
      .sort();

  it("shows the same code", () => expect(chinese.blocks).toEqual(english.blocks));
  it("has the same headings and tables", () => {
    expect(chinese.headings).toEqual(english.headings);
    expect(chinese.tables).toEqual(english.tables);
  });
  it("names the same things, and leads to the same places", () => {
    expect(chinese.names).toEqual(english.names);
    expect(targets(translated, chinese.links)).toEqual(targets(original, english.links));
  });
  it("leads to existing files and headings", () => {
    for (const link of chinese.links.filter((target) => !target.includes("://"))) {
      const path = posix.join(posix.dirname(translated), link);
      expect(existsSync(fileURLToPath(new URL(`../${path}`, import.meta.url))), link).toBe(true);
    }
    const headings = textOf(translated).matchAll(/^#+ (.*)$/gm);
    const anchors = [...headings].map(([, title = ""]) => title.toLowerCase().replaceAll(" ", "-"));
    for (const [, anchor] of textOf(translated).matchAll(/\]\(#([^)]+)\)/g))
      expect(anchors).toContain(anchor);
  });
});
