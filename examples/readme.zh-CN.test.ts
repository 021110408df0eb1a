import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const textOf = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");

/** What must be the same in every language: the code, the shape of the page, and where its links lead. */
function shapeOf(text: string) {
  const blocks = [...text.matchAll(/^```[\s\S]*?^```$/gm)].map(([block]) => block);
  const prose = text.replace(/^```[\s\S]*?^```$/gm, "");
  const lines = prose.split("\n");
  return {
    blocks,
    headings: lines.flatMap((line) => /^#+ /.exec(line) ?? []),
    tables: lines.filter((line) => line.startsWith("|")).map((line) => line.split(/(?<!\\)\|/).length),
    links: [...prose.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = ""]) => target).sort(),
    // What stands in code within a line is a name, and is not translated.
    names: [...prose.matchAll(/`([^`\n]+)`/g)].map(([, name = ""]) => name).sort(),
  };
}

describe("README.zh-CN.md", () => {
  const english = shapeOf(textOf("README.md"));
  const chinese = shapeOf(textOf("README.zh-CN.md"));
  const ofEachOther = ["README.md", "README.zh-CN.md"];

  it("shows the same code", () => expect(chinese.blocks).toEqual(english.blocks));
  it("has the same headings and tables", () => {
    expect(chinese.headings).toEqual(english.headings);
    expect(chinese.tables).toEqual(english.tables);
  });
  it("names the same things, and leads to the same places", () => {
    expect(chinese.names).toEqual(english.names);
    const links = (all: readonly string[]) => all.filter((link) => !ofEachOther.includes(link));
    expect(links(chinese.links)).toEqual(links(english.links));
  });
  it("leads to what is there", () => {
    for (const link of chinese.links.filter((target) => !target.includes("://"))) {
      expect(existsSync(fileURLToPath(new URL(`../${link}`, import.meta.url))), link).toBe(true);
    }
    const headings = textOf("README.zh-CN.md").matchAll(/^#+ (.*)$/gm);
    const anchors = [...headings].map(([, title = ""]) => title.toLowerCase().replaceAll(" ", "-"));
    for (const [, anchor] of textOf("README.zh-CN.md").matchAll(/\]\(#([^)]+)\)/g))
      expect(anchors).toContain(anchor);
  });
});
