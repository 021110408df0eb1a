import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openElasticsearchStore } from "@spanstore/elasticsearch";
import { openManticoreStore } from "@spanstore/manticore";
import { openSqliteStore } from "@spanstore/sqlite";
import { afterAll, expect, it } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { describeWithPeer } from "../../../scripts/test-support/peers.js";
import { startSearchd } from "../../manticore/test/searchd.js";
import { copy, spansIn, spansInFile } from "./copy/run.js";
import { fill, numbers, spanOf, tracesOf } from "./copy/spans.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-copy-engines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const count = 1_500;
/** Three weeks, so that engines keep the spans in several tables. */
const later = 21n * 24n * 3_600_000_000_000n;

/** Copies a file to a place and from there to another file, and gives what both files hold. */
async function thereAndBack(name: string, place: string): Promise<readonly (readonly string[])[]> {
  const [from, to] = [join(folder, `${name}-from.sqlite`), join(folder, `${name}-to.sqlite`)];
  {
    await using store = await openSqliteStore({ path: from, synchronous: "normal" });
    await fill(store, numbers(count));
    const [span] = [spanOf(count)];
    await store.write(tracesOf([{ ...span, startTimeUnixNano: span.startTimeUnixNano + later }]));
  }
  for (const [a, b] of [
    [`sqlite:${from}`, place],
    [place, `sqlite:${to}`],
  ] as const) {
    const result = await copy(a, b, { windowSize: 400 });
    expect(result, result.errors).toMatchObject({ code: 0 });
    expect(result.output).toContain("copied  1,501 spans");
  }
  return [await spansInFile(from), await spansInFile(to)];
}

describeWithPeer("manticore", "Copying with Manticore Search", (located) => {
  it("there and back every span is the same", { timeout: 60_000 }, async () => {
    const searchd = await startSearchd(located);
    try {
      const prefix = freshPrefix().replace("-", "_");
      const [from, to] = await thereAndBack("manticore", `manticore:${searchd.url}?prefix=${prefix}`);
      expect(to).toEqual(from);
      await using store = await openManticoreStore({ url: searchd.url, prefix });
      expect(await spansIn(store)).toEqual(from);
    } finally {
      await searchd.close();
    }
  });
});

describeWithElasticsearch("Copying with Elasticsearch", (way) => {
  it("there and back every span is the same", { timeout: hookMillis }, async () => {
    const server = await sharedElasticsearch(way);
    const prefix = freshPrefix();
    const [from, to] = await thereAndBack("elasticsearch", `elasticsearch:${server.url}?prefix=${prefix}`);
    expect(to).toEqual(from);
    {
      await using store = await openElasticsearchStore({ url: server.url, prefix });
      expect(await spansIn(store)).toEqual(from);
    }
    await cleanUp(way, server, [prefix]);
  });
});
