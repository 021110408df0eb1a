import { readFileSync } from "node:fs";
import { openManticoreStore } from "@spanstore/manticore";
import { afterAll, beforeAll, expect, it } from "vitest";
import { askHttp, askMysql, type SqlRow } from "../../packages/grpc-server/test/manticore/sql.js";
import { freshPrefix } from "../../packages/manticore/test/searchd.js";
import { describeWithPeer } from "../../scripts/test-support/peers.js";
import { shopRequests } from "../demo/shop.js";
import { traceOf } from "../demo/step.js";
import { type ExampleSearchd, startExampleSearchd } from "./example-searchd.js";

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const page = textOf("../../docs/manticore-sql.md");

interface Example {
  readonly title: string;
  readonly sql: string;
  /** The output of the mysql program. */
  readonly output: string;
}

/** The page's own: a statement in one block, and what it gives in the next. */
const examples: readonly Example[] = page
  .split(/^## /m)
  .slice(1)
  .flatMap((section) => {
    const [, sql, output] = /^```sql\n(.*?);\n```\n\n```\n(.*?)\n```$/ms.exec(section) ?? [];
    if (sql === undefined || output === undefined) return [];
    return [{ title: section.split("\n", 1)[0] ?? "", sql, output }];
  });

/** The examples of other pages: a statement and its result in one block. */
const others: readonly Example[] = ["../../packages/manticore/README.md"].flatMap((path) =>
  [...textOf(path).matchAll(/([^\n]*)\n\n```\n(SELECT [^`]*?);\n(\+-[^`]*?)\n```/g)].map(
    ([, title = "", sql = "", output = ""]) => ({ title: `${path.slice(6)}: ${title}`, sql, output }),
  ),
);

/** The cells of a table as the mysql program draws it, the titles first. */
function cellsOf(drawn: string): string[][] {
  const lines = drawn.split("\n").filter((line) => line.startsWith("|"));
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

/** Columns whose values differ from run to run, and what they look like. */
const shapes: readonly (readonly [column: RegExp, value: RegExp])[] = [
  [/^trace_id$/, /^[0-9a-f]{32}$/],
  [/span_id$/, /^[0-9a-f]{16}$/],
  [/^start/, /^\d{16}$/],
  [/^minute$/, /^\d{4}-\d\d-\d\d \d\d:\d\d$/],
];

/** A table's rows, the titles first, with what differs told by its column's name. */
function shapeOf([titles = [], ...rows]: string[][]): string[][] {
  const shape = (value: string, title: string): string =>
    shapes.some(([column, like]) => column.test(title) && like.test(value)) ? `a ${title}` : value.trim();
  return [titles, ...rows.map((row) => row.map((value, i) => shape(value, titles[i] ?? "")))];
}

function tableOf(rows: readonly SqlRow[]): string[][] {
  return [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))];
}

/** The protocols give fractions with different numbers of digits. */
function rounded(rows: readonly SqlRow[]): SqlRow[] {
  const round = (value: string) => (/^\d+\.\d{6,}$/.test(value) ? Number(value).toFixed(3) : value);
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([column, value]) => [column, round(value)])),
  );
}

const secondNanos = 1_000_000_000n;
const minuteNanos = 60n * secondNanos;

describeWithPeer("manticore", "the page of SQL", (located) => {
  const prefix = freshPrefix();
  let searchd: ExampleSearchd;
  let slowCheckout = "";

  beforeAll(async () => {
    searchd = await startExampleSearchd(located);
    await using store = await openManticoreStore({ url: searchd.url, prefix });
    // As the demo sends them, seven seconds apart, but up to a full minute: so as many spans fall into each as on the page.
    const now = (BigInt(Date.now()) * 1_000_000n) / minuteNanos;
    const requests = shopRequests();
    for (const [i, request] of requests.entries()) {
      const age = BigInt((requests.length - i) * 7) * secondNanos;
      const traces = traceOf(request, now * minuteNanos - age);
      slowCheckout = traces.resourceSpans[0]?.scopeSpans[0]?.spans[0]?.traceId ?? "";
      await store.write(traces);
    }
  });
  afterAll(() => searchd?.close());

  /** Asks over both protocols, which have to agree. */
  async function ask(sql: string): Promise<SqlRow[]> {
    const own = sql.replaceAll("jaeger_spans", `${prefix}spans`);
    const rows = await askMysql(searchd.url, own);
    if (searchd.httpUrl !== undefined)
      expect(rounded(await askHttp(searchd.httpUrl, own))).toEqual(rounded(rows));
    return rows;
  }

  it("has more than ten queries", () => {
    expect(examples.length).toBeGreaterThanOrEqual(11);
    expect(page.match(/^```sql$/gm)).toHaveLength(examples.length);
  });

  it("counts the spans of the demo", async () => {
    expect(page).toContain("SELECT COUNT(*) FROM jaeger_spans");
    expect(await ask("SELECT COUNT(*) FROM jaeger_spans")).toEqual([{ "count(*)": "84" }]);
  });

  it.each([...examples, ...others].map((example) => [example.title, example] as const))(
    "%s",
    async (_, { sql, output }) => {
      // A trace that is asked for is the last one, on the page and here.
      const rows = await ask(sql.replace(/\b[0-9a-f]{32}\b/, slowCheckout));
      expect(shapeOf(tableOf(rows))).toEqual(shapeOf(cellsOf(output)));
    },
  );

  it("names the columns that there are", async () => {
    const [row = {}] = await ask("SELECT * FROM jaeger_spans LIMIT 1");
    const named = [...page.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = ""]) =>
      cell.split(", ").map((name) => name.replaceAll("`", "")),
    );
    expect(["id", ...named].sort()).toEqual(Object.keys(row).sort());
  });
});

it("the engine's page shows queries with their output", () => {
  expect(others.length).toBeGreaterThan(0);
});
