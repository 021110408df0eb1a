import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMemoryStore } from "@spanstore/core";
import { startServer } from "@spanstore/grpc-server";
import { openSqliteStore } from "@spanstore/sqlite";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { freePorts } from "../../../scripts/test-support/processes.js";
import { exportRequest, spanId, traceId } from "../../grpc-server/test/harness.js";
import type { Command } from "../src/calling/command.js";
import { commandHelp } from "../src/commands/help.js";
import { commandNames, loadCommand } from "../src/commands/list.js";
import { cli } from "./cli.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-messages-"));
afterAll(() => rmSync(folder, { recursive: true }));
const slow = { timeout: 120_000 };
const file = join(folder, "spans.sqlite");

beforeAll(async () => {
  const store = await openSqliteStore({ path: file });
  await store.write(exportRequest({ traceId: traceId(0x1a2), spanId: spanId(1), service: "shop" }));
  await store.close();
});

/** The lines on standard error; standard output must be empty. */
async function errorsOf(...args: string[]): Promise<{ code: number | null; errors: string[] }> {
  const { code, output, errors } = await cli(args, { cwd: folder });
  expect(output).toBe("");
  return { code, errors: errors.map((line) => line.replace("spanstore: ", "")) };
}

describe("what a command says to a stranger", slow, () => {
  it.each<[string[], number, string]>([
    [["search", "--limit=x"], 2, '--limit: must be a whole number from 1 to 1000000, not "x"'],
    [["search", "--tag=a=1", "--tag=b"], 2, '--tag: must be KEY=VALUE, not "b"'],
    [
      ["search", "--min-duration=5"],
      2,
      '--min-duration: must be a length of time, for example 90s, 1h30m or 7d, not "5"',
    ],
    [
      ["search", "--from=soon"],
      2,
      '--from: must be a time, for example 2026-11-21T17:05:52Z, 2026-11-21 or 1795280752, not "soon"',
    ],
    [
      ["search", "--from=9999-01-01"],
      2,
      `--from: must be a time before the year 2554, the end of OTLP's clock, not "9999-01-01"`,
    ],
    [["search", "--from=2024-01-02", "--to=2024-01-01"], 2, "--to lies before --from"],
    [["search", "--since=1h", "--to=2024-01-01"], 2, "--to lies before what --since says"],
    [["search", "--filter=@nofile"], 2, "--filter: cannot read nofile: there is no such file"],
    [
      ["services", "--server=a:1", "--server.token-file=nofile"],
      2,
      "--server.token-file: cannot read nofile: there is no such file",
    ],
    [
      ["services", "--server=a:1", "--server.ca-file=."],
      2,
      "--server.ca-file: cannot read .: it is a folder",
    ],
    [
      ["trace", "12345678901234567890123456789012345"],
      2,
      'ID must be 1 to 32 hex digits that are not all zeros, not "12345678901234567890123456789012345"',
    ],
    [["trace", "000"], 2, 'ID must be 1 to 32 hex digits that are not all zeros, not "000"'],
    [["search", "--limit"], 2, "--limit needs a value: NUMBER"],
    [["search", "--service="], 2, "--service: must not be empty"],
    [["search", "--tenant="], 2, '--tenant: must have 1 to 64 bytes, not ""'],
    [["search", "--sqlite.path=."], 2, ". is a folder: name the store's file with --sqlite.path"],
    [["search", "--filter=@spans.sqlite"], 2, "--filter: spans.sqlite is no text in UTF-8"],
    [["search", "--version"], 2, "--version stands alone: spanstore --version"],
    [
      ["services", "--server=a:1", "--server.ca-file=spans.sqlite"],
      2,
      "--server.ca-file: spans.sqlite holds no certificate in PEM",
    ],
    [["maintain"], 2, "the argument optimize|flush|repair is missing"],
    [
      ["retention", "--older-than=0s", "--sqlite.path=spans.sqlite"],
      2,
      "--older-than removes spans that started less than a minute ago, and so nearly everything: add --force when you mean it, or --dry-run to see what would go",
    ],
    [
      ["copy", "--from=manticore:mysql://a:1?foo=x", "--to=sqlite:c.sqlite"],
      2,
      '--from manticore: has no option "foo"; its options are url, prefix, window, attributes, ca-file, cluster, shards',
    ],
    [
      ["copy", "--from=sqlite:spans.sqlite", "--to=grpc:a:1?tenant-header=a b"],
      2,
      '--to tenant-header must name a header of letters, digits, dots, dashes and underscores that does not end in -bin, not "a b"',
    ],
    [
      ["copy", "--from=sqlite:spans.sqlite", "--to=sqlite:c.sqlite", "--state=spans.sqlite"],
      2,
      "--state: spans.sqlite is not the state of a copy, or it was changed: name another file, or remove it to start again",
    ],
    [
      ["retention", "--older-than=1d", "--server=127.0.0.1:1"],
      2,
      "--server needs --server.admin=http://HOST:PORT here: gRPC has no call for that",
    ],
    [["copy", "--from=sqlite:nofile", "--to=sqlite:b.sqlite"], 2, "--from: there is no file nofile"],
    [
      ["copy", "--from=sqlite:spans.sqlite", "--to=sqlite:nofile", "--verify-only"],
      2,
      "--to: there is no file nofile",
    ],
    [
      ["copy", "--from=sqlite:spans.sqlite", "--to=sqlite:c.sqlite", "--state=no/state"],
      2,
      "--state: cannot write no/state: there is no such folder",
    ],
  ])("%j: its option, its value, what is allowed", async (args, code, message) => {
    const told = await errorsOf(...args);
    expect([told.code, told.errors[0]]).toEqual([code, message]);
    expect(told.errors.at(-1)).toBe(`see spanstore ${args[0]} --help`);
  });

  it("pads trace ids as import does", async () => {
    const { code, output } = await cli(["trace", "1A2", `--sqlite.path=${file}`]);
    expect([code, output]).toEqual([0, expect.stringContaining("shop")]);
  });

  it("explains why a server cannot be reached, without gRPC's own words", async () => {
    const [port] = await freePorts(1);
    const web = createServer((_, answer) => answer.end("hello")).listen(0, "127.0.0.1");
    onTestFinished(() => void web.close());
    await once(web, "listening");
    const store = openMemoryStore();
    const server = await startServer({ store, listen: "127.0.0.1:0" });
    onTestFinished(async () => {
      await server.close();
      await store.close();
    });
    const { port: ofWeb } = web.address() as { port: number };
    for (const [flags, message] of [
      [
        [`--server=127.0.0.1:${port}`],
        `the server cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`,
      ],
      [
        ["--server=nowhere.invalid:1"],
        "the server cannot be reached: there is no address for the name in nowhere.invalid:1",
      ],
      [
        [`--server=127.0.0.1:${ofWeb}`],
        "the server cannot be reached: what answers there speaks no gRPC (is it the gRPC port, and not the admin port?)",
      ],
      [
        [`--server=${server.address.replace("127.0.0.1", "localhost")}`, "--server.tls"],
        "the server cannot be reached: TLS failed: wrong version number (does it speak TLS there?)",
      ],
    ] as const) {
      const { code, errors } = await errorsOf("services", ...flags);
      const name = flags[0].replace("=", " ");
      expect([code, errors]).toEqual([1, [`${name}: ${message}`]]);
      expect((await errorsOf("health", ...flags)).errors).toEqual(errors);
    }
  });

  it.skipIf(!existsSync("/dev/full"))("names what it cannot write to", async () => {
    expect(await errorsOf("export", `--sqlite.path=${file}`, "/dev/full")).toEqual({
      code: 1,
      errors: ["cannot write /dev/full: the disk is full"],
    });
  });

  it("copies nothing from missing indices", async () => {
    const [port] = await freePorts(1);
    const place = `jaeger-elasticsearch:http://127.0.0.1:${port}`;
    const { code, errors } = await errorsOf("copy", `--from=${place}`, "--to=sqlite:other.sqlite");
    expect([code, errors]).toEqual([
      1,
      [expect.stringMatching(new RegExp(`^--from ${place}: .*ECONNREFUSED`))],
    ]);
    expect(existsSync(join(folder, "other.sqlite"))).toBe(false);
  });

  it("copies nothing to a missing place, and claims no progress", async () => {
    const [port] = await freePorts(1);
    const { code, errors } = await errorsOf("copy", `--from=sqlite:${file}`, `--to=grpc:127.0.0.1:${port}`);
    expect([code, errors]).toEqual([
      1,
      [`--to grpc:127.0.0.1:${port}: the server cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`],
    ]);
  });

  it.each([...commandNames])("names the exit codes of %s in its help, within 80 columns", async (name) => {
    const help = commandHelp((await loadCommand(name)) as Command);
    expect(help).toMatch(/\nExit codes:\n {2}0 {4}\S.*\n {2}1 {4}\S.*\n {2}2 {4}\S.*\n {2}130 {2}\S/);
    expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("fits 80 columns with the help of the program", async () => {
    const { output } = await cli(["help"]);
    expect(output.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });
});
