import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openMemoryStore } from "@spanstore/core";
import { startServer } from "@spanstore/grpc-server";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  describeWithElasticsearch,
  hookMillis,
  sharedElasticsearch,
} from "../scripts/test-support/elasticsearch/elasticsearch.js";
import { describeWithPeer } from "../scripts/test-support/peers.js";
import { startExampleSearchd } from "./manticore/example-searchd.js";

const packages = fileURLToPath(new URL("../packages", import.meta.url));
const cache = fileURLToPath(new URL(".cache", import.meta.url));
const traceId = "5b8aa5a2d2c872e8321cf37308d69df2";

/** The programs that a package's page shows, in order. */
function programsOf(name: string): string[] {
  const text = readFileSync(join(packages, name, "README.md"), "utf8");
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), ([, block = ""]) => block);
}

/** A folder from which this workspace's packages are found. */
function place(): string {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "readme-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a program in a process and a folder of its own and returns its output; it must end by itself, without a complaint. */
async function outputOf(program: string, addresses: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = place();
  let text = program;
  for (const [shown, used] of Object.entries(addresses)) text = text.replaceAll(shown, used);
  writeFileSync(join(folder, "program.mjs"), text);
  const run = promisify(execFile);
  const { stdout, stderr } = await run(process.execPath, ["program.mjs"], { cwd: folder, timeout: 60_000 });
  expect(stderr).toBe("");
  return stdout;
}

describe("the pages of the packages", () => {
  it("show programs that TypeScript takes", async () => {
    const folder = place();
    const files = readdirSync(packages).flatMap((name) =>
      programsOf(name).map((program, i) => {
        writeFileSync(join(folder, `${name}-${i}.ts`), program);
        return `${name}-${i}.ts`;
      }),
    );
    expect(files.length).toBeGreaterThan(6);
    const config = { extends: "../../tsconfig.json", include: [], files };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
    await promisify(execFile)(process.execPath, [tsc, "-p", folder]).catch(({ stdout }) => {
      throw new Error(stdout);
    });
  });

  it.each(["core", "sqlite", "otel-exporter", "grpc-server", "http", "rpc", "ui"])(
    "%s: a program that runs",
    async (name) => {
      const [program = "", ...others] = programsOf(name);
      const output = await outputOf(program);
      if (program.includes("console.log")) expect(output).not.toBe("");
      expect(others).toEqual([]);
    },
  );

  it("client: a program that runs beside a server", async () => {
    await using store = openMemoryStore();
    const start = BigInt(Date.now()) * 1_000_000n;
    const span = {
      traceId,
      spanId: "051581bf3cb55c13",
      name: "GET /cart",
      startTimeUnixNano: start,
      endTimeUnixNano: start,
    };
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
    await store.write({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
    const server = await startServer({ store, listen: "127.0.0.1:0", admin: "127.0.0.1:0" });
    onTestFinished(() => server.close());
    const [program = ""] = programsOf("client");
    const addresses = { "127.0.0.1:17271": server.address, "127.0.0.1:17272": server.adminAddress ?? "" };
    expect(await outputOf(program, addresses)).toContain(traceId);
  });
});

describeWithPeer("manticore", "The page of the engine on Manticore Search", (located) => {
  it("shows programs that run", async () => {
    const searchd = await startExampleSearchd(located);
    onTestFinished(() => searchd.close());
    const [program = "", ...others] = programsOf("manticore");
    expect(await outputOf(program, { "mysql://127.0.0.1:9306": searchd.url })).toContain(traceId);
    // Their servers do not run: nothing is asked of them before the first call.
    for (const other of others) expect(await outputOf(other)).toBe("");
  });
});

describeWithElasticsearch("The page of the engine on Elasticsearch", (way) => {
  it(
    "shows a program that runs",
    async () => {
      const { url } = await sharedElasticsearch(way);
      const [program = ""] = programsOf("elasticsearch");
      expect(await outputOf(program, { "http://127.0.0.1:9200": url })).toContain(traceId);
    },
    hookMillis,
  );
});
