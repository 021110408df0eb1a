import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeTraces } from "@spanstore/core";
import { openSqliteStore } from "@spanstore/sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ingestUntilKilled } from "../../../scripts/test-support/kill/ingest.js";
import { spanIdsOf, traceIdOf } from "../../../scripts/test-support/kill/requests.mjs";

const kills = Number(process.env.SPANSTORE_KILLS ?? 8);
const module = new URL("../dist/index.js", import.meta.url);
let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "spanstore-kill-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

it(`has every acknowledged span once after ${kills} kills`, { timeout: 300_000 }, async () => {
  const path = join(directory, "killed.sqlite");
  const acknowledged: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const opener = { module, open: "openSqliteStore", options: { path } };
    const requests = 1 + Math.floor(Math.random() * 200);
    acknowledged.push(...(await ingestUntilKilled(opener, kill * 1_000_000, requests)));
  }
  await using store = await openSqliteStore({ path });
  const expected = new Set(acknowledged.map(traceIdOf));
  const spanIds: string[] = [];
  for await (const chunk of store.getTraces([...expected])) {
    for (const { scopeSpans } of decodeTraces(chunk.encoded).resourceSpans) {
      for (const { spans } of scopeSpans) spanIds.push(...spans.map((span) => span.spanId));
    }
  }
  const wanted = acknowledged.flatMap(spanIdsOf);
  expect(spanIds.sort()).toEqual(wanted.sort());
  // The index finds every one of them too.
  const found = await store.findTraceIds({ service: "killed", limit: 1_000_000 });
  const foundIds = new Set(found.traces.map(({ traceId }) => traceId));
  expect([...expected].filter((traceId) => !foundIds.has(traceId))).toEqual([]);
});
