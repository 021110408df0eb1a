import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  filterFromJson,
  formatTraceQl,
  isSpanStoreError,
  openMemoryStore,
  parseTraceQl,
  type SpanStore,
} from "@spanstore/core";
import { resolveFilter } from "@spanstore/core/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spans } from "./spans.js";

/** Checks every statement of docs/filter.md. */
const page = readFileSync(new URL("../../docs/filter.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = "", content = ""]) => ({
  language,
  content,
}));
const contentsOf = (language: string): string[] =>
  blocks.filter((block) => block.language === language).map(({ content }) => content);
const tables = [...page.matchAll(/(?:^\|.*\n)+/gm)].map(([table]) =>
  table
    .trimEnd()
    .split("\n")
    .slice(2)
    .map((row) =>
      row
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll("\\|", "|")),
    ),
);

let store: SpanStore;
beforeAll(async () => {
  store = openMemoryStore();
  await store.write(spans);
});
afterAll(() => store.close());

async function finds(text: string): Promise<boolean> {
  for await (const { encoded } of store.findSpans({ filter: parseTraceQl(text) }))
    if (encoded.length > 0) return true;
  return false;
}

describe("docs/filter.md", () => {
  const texts = contentsOf("traceql").flatMap((content) => content.trimEnd().split("\n"));
  it.each(texts)("%s finds a span, and so does its filter written again", async (text) => {
    expect(await finds(text)).toBe(true);
    expect(parseTraceQl(formatTraceQl(parseTraceQl(text)))).toEqual(parseTraceQl(text));
  });

  it("shows the text that the command line takes", async () => {
    const commands = contentsOf("sh").flatMap((content) => [...content.matchAll(/--filter '([^']*)'/g)]);
    expect(commands.length).toBeGreaterThan(0);
    for (const [, text = ""] of commands) expect(await finds(text)).toBe(true);
  });

  const pairs = blocks.flatMap(({ language, content }, i) =>
    language === "json" ? [[blocks[i - 1]?.content.trimEnd() ?? "", content] as const] : [],
  );
  it.each(pairs)("shows the JSON of %s", (text, json) => {
    expect(filterFromJson(JSON.parse(json))).toEqual(parseTraceQl(text));
  });

  it.each(contentsOf("error"))("shows the error of %s", (content) => {
    const [text = "", ...rest] = content.trimEnd().split("\n");
    try {
      parseTraceQl(text);
      expect.fail("no error");
    } catch (error) {
      if (!isSpanStoreError(error)) throw error;
      expect(`${error.message}\n${error.hint}`).toBe(rest.join("\n"));
    }
  });

  it("lists every field, and writes it as the text does", () => {
    const rows = tables.find((table) => table[0]?.[1] === "traceID") ?? [];
    for (const level of ["span", "resource", "scope", "event", "link"]) {
      const listed = rows.filter(([of]) => of === level);
      expect(listed.map(([, name]) => name)).toEqual(namesAt(level));
      for (const [, name = "", writings = "", holds, absent] of listed) {
        const field = { field: { name, level } };
        const constant = { text: "a", duration: "1s", instant: "2026-08-16T18:56:20Z" }[holds as string];
        const value = constant ?? /`(\w+)`/.exec(holds ?? "")?.[1] ?? "";
        const filter = { op: "eq", args: [field, { scalar: { value } }] };
        expect(() => resolveFilter(filter)).not.toThrow();
        const [...spelled] = writings.matchAll(/`([^`]+)`/g);
        const shown = holds === "text" ? '"a"' : value;
        for (const [, writing] of spelled) expect(parseTraceQl(`{ ${writing} = ${shown} }`)).toEqual(filter);
        if (spelled.length === 0)
          expect(() => formatTraceQl(filter)).toThrow(`TraceQL has no field ${level}.${name}`);
        expect(["", "yes"]).toContain(absent);
      }
    }
  });

  it("writes attributes of every level as the text does", () => {
    const rows = tables.find((table) => table[0]?.[0] === "`span.key`") ?? [];
    expect(rows).toHaveLength(6);
    for (const [text = "", level = ""] of rows) {
      const attr = level === "span or resource" ? { key: "key" } : { key: "key", level };
      expect(parseTraceQl(`{ ${text.replaceAll("`", "")} != nil }`)).toEqual({
        op: "exists",
        args: [{ attr }],
      });
    }
  });

  it("lists every operator", () => {
    const rows = tables.find((table) => table[0]?.[0] === "`and` `or` `not`") ?? [];
    const listed = rows.flatMap(([cell = ""]) => [...cell.matchAll(/`(\w+)`/g)].map(([, op]) => op));
    expect(new Set(listed)).toEqual(new Set(hintOf({ op: "?", args: [] }, /operators are (.*)/)));
  });

  it("shows a program that does what its lines say", async () => {
    const [program = ""] = contentsOf("ts");
    // Beside this file, so that it finds the packages.
    const folder = mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), ".program-"));
    try {
      const path = join(folder, "program.ts");
      writeFileSync(path, program);
      expect(await import(pathToFileURL(path).href)).toMatchObject({
        same: true,
        text: '{ resource.service.name = "checkout" && duration > 500ms }',
        from: 26,
        candidates: [{ text: '"checkout"', kind: "value" }],
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** The closed sets, as errors list them. */
function hintOf(filter: Parameters<typeof resolveFilter>[0], pattern: RegExp): string[] {
  try {
    resolveFilter(filter);
  } catch (error) {
    if (isSpanStoreError(error)) return pattern.exec(error.hint ?? "")?.[1]?.split(", ") ?? [];
  }
  return [];
}

function namesAt(level: string): string[] {
  return hintOf({ op: "exists", args: [{ field: { name: "?", level } }] }, /its fields are (.*);/);
}
