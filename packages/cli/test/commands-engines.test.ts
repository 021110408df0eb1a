import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeTraces } from "@spanstore/core";
import { tracesToJson } from "@spanstore/core/otlp";
import { afterAll, expect, it } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { describeWithPeer } from "../../../scripts/test-support/peers.js";
import { exportRequest, spanId, traceId } from "../../grpc-server/test/harness.js";
import { startSearchd } from "../../manticore/test/searchd.js";
import { cli, program } from "./cli.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-commands-engines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const day = 24n * 3_600_000_000_000n;
const now = BigInt(Date.now()) * 1_000_000n;
const count = 1200;
/** How many days ago: at any hour, the last one's day was over two days ago. */
const ages = [0n, 1n, 3n] as const;

/** Traces of three days, a span each. */
const file = join(folder, "traces.jsonl");
writeFileSync(
  file,
  Array.from({ length: count }, (_, i) => {
    const start = now - (ages[i % ages.length] as bigint) * day;
    const request = exportRequest({
      traceId: traceId(i + 1),
      spanId: spanId(i + 1),
      service: `s${i % 3}`,
      start,
      end: start + 5_000_000n,
      attributes: { n: BigInt(i) },
    });
    return `${JSON.stringify(tracesToJson(decodeTraces(request)))}\n`;
  }).join(""),
);

const sorted = (text: string): string[] => text.split("\n").sort();
const ids = (text: string): string[] => [...new Set(text.match(/"traceId":"\w+"/g))].sort();

/** Every command that works on any backend, on the one that the flags name. */
async function everyCommand(flags: readonly string[]): Promise<void> {
  const run = async (...args: string[]) => {
    const ended = await cli([...args, ...flags]);
    expect(ended, ended.errors.join("\n")).toMatchObject({ code: 0 });
    return ended;
  };
  expect((await run("doctor", "--listen=127.0.0.1:0", "--admin=127.0.0.1:0")).output).not.toContain(
    "PROBLEM",
  );
  expect((await run("import", file)).errors.join()).toContain("imported 1,200 spans");
  expect((await run("import", file)).errors.join()).toContain("1,200 spans skipped");
  const services = await run("services");
  expect(services.output).toBe("s0\ns1\ns2\n");
  expect(await program(["services", ...flags])).toEqual(services);
  const found = await run("search", "--json", "--tag", "n=700", "--service=s1");
  expect(ids(found.output)).toEqual([`"traceId":"${traceId(701)}"`]);
  expect((await run("trace", traceId(701))).output).toContain("GET /");
  const exported = await run("export");
  expect(exported.errors.join()).toContain("exported 1,200 traces, 1,200 spans");
  const again = join(folder, "again.sqlite");
  await cli(["import", "-", `--sqlite.path=${again}`], { input: exported.output });
  expect(sorted((await cli(["export", `--sqlite.path=${again}`])).output)).toEqual(sorted(exported.output));
  rmSync(again);
  expect((await run("retention", "--older-than=2d", "--dry-run")).output).toContain("WOULD GO");
  expect(ids((await run("export")).output)).toHaveLength(count);
  await run("retention", "--older-than=2d", "--exact");
  expect((await run("services")).output).toBe("s0\ns1\n");
  expect((await run("doctor", "--listen=127.0.0.1:0", "--admin=127.0.0.1:0")).output).not.toContain(
    "PROBLEM",
  );
}

describeWithPeer("manticore", "The commands on Manticore Search", (located) => {
  it("all do what they say", { timeout: 120_000 }, async () => {
    const searchd = await startSearchd(located);
    const prefix = freshPrefix().replace("-", "_");
    const flags = ["--backend=manticore", `--manticore.url=${searchd.url}`, `--manticore.prefix=${prefix}`];
    try {
      await everyCommand(flags);
      for (const action of ["optimize", "flush"]) {
        const { code, errors } = await cli(["maintain", action, ...flags]);
        expect([code, errors.at(-1)]).toEqual([
          0,
          expect.stringMatching(new RegExp(`${action}: \\d+ tables in `)),
        ]);
      }
    } finally {
      await searchd.close();
    }
    if (searchd.program() === undefined) return;
    const { code, output } = await cli(["doctor", ...flags]);
    expect([code, output]).toEqual([1, expect.stringMatching(/PROBLEM manticore, .*\n +-> /)]);
  });
});

describeWithElasticsearch("The commands on Elasticsearch", (way) => {
  it("all do what they say", { timeout: hookMillis }, async () => {
    const server = await sharedElasticsearch(way);
    const prefix = freshPrefix();
    const flags = [
      "--backend=elasticsearch",
      `--elasticsearch.url=${server.url}`,
      `--elasticsearch.prefix=${prefix}`,
      "--elasticsearch.refresh=wait",
    ];
    try {
      await everyCommand(flags);
    } finally {
      await cleanUp(way, server, [prefix]);
    }
    const { code, output } = await cli([
      "doctor",
      flags[0] as string,
      "--elasticsearch.url=http://127.0.0.1:1",
    ]);
    expect([code, output]).toEqual([1, expect.stringMatching(/PROBLEM elasticsearch, .*\n +-> /)]);
  });
});
