import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { decodeTraces } from "@spanstore/core";
import { openSqliteStore } from "@spanstore/sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";

const kills = Number(process.env.SPANSTORE_KILLS ?? 8);
const child = fileURLToPath(new URL("./ingest-child.mjs", import.meta.url));
let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "spanstore-kill-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Lets a process write until it has acknowledged so many requests, kills it there, and returns their numbers. */
async function ingestUntilKilled(path: string, first: number, requests: number): Promise<number[]> {
  const process = spawn(globalThis.process.execPath, [child, path, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: process.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === requests) process.kill("SIGKILL");
  }
  if (process.exitCode === null && process.signalCode === null) await once(process, "exit");
  expect(process.signalCode).toBe("SIGKILL");
  return acknowledged;
}

it(`has every acknowledged span once after ${kills} kills`, { timeout: 300_000 }, async () => {
  const path = join(directory, "killed.sqlite");
  const acknowledged: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const first = kill * 1_000_000;
    acknowledged.push(...(await ingestUntilKilled(path, first, 1 + Math.floor(Math.random() * 200))));
  }
  await using store = await openSqliteStore({ path });
  const expected = new Set(acknowledged.map((number) => number.toString(16).padStart(32, "0")));
  const spanIds: string[] = [];
  for await (const chunk of store.getTraces([...expected])) {
    for (const { scopeSpans } of decodeTraces(chunk.encoded).resourceSpans) {
      for (const { spans } of scopeSpans) spanIds.push(...spans.map((span) => span.spanId));
    }
  }
  const wanted = acknowledged.flatMap((n) =>
    [1, 2, 3].map((i) => (n * 4 + i).toString(16).padStart(16, "0")),
  );
  expect(spanIds.sort()).toEqual(wanted.sort());
  // Found by the index as well, every one of them.
  const found = await store.findTraceIds({ service: "killed", limit: 1_000_000 });
  const foundIds = new Set(found.traces.map(({ traceId }) => traceId));
  expect([...expected].filter((traceId) => !foundIds.has(traceId))).toEqual([]);
});
