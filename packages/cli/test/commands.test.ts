import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { type ServerOptions, startServer } from "@spanstore/grpc-server";
import { openSqliteStore } from "@spanstore/sqlite";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createAuthority } from "../../../scripts/test-support/certificates.js";
import { exportRequest, spanId, traceId } from "../../grpc-server/test/harness.js";
import { cli, program } from "./cli.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-commands-"));
const file = join(folder, "spans.sqlite");
const sqlite = `--sqlite.path=${file}`;

/** Programs are started, which takes its time on a machine that does much else. */
const slow = { timeout: 120_000 };

const hour = 3_600_000_000_000n;
const now = BigInt(Date.now()) * 1_000_000n;
const ms = 1_000_000n;

/** A trace an hour, the newest last. */
const requests = [3n, 2n, 1n].map((age, i) => {
  const start = now - age * hour;
  return exportRequest(
    {
      traceId: traceId(i + 1),
      spanId: spanId(1),
      service: "shop",
      name: "GET /",
      start,
      end: start + BigInt(i + 1) * 100n * ms,
      attributes: { "http.route": `/${i}`, items: BigInt(i) },
    },
    {
      traceId: traceId(i + 1),
      spanId: spanId(2),
      parentSpanId: spanId(1),
      service: i === 2 ? "stock\u001b[2J" : "stock",
      name: "Reserve",
      kind: 3,
      start: start + 10n * ms,
      end: start + 20n * ms,
    },
  );
});

beforeAll(async () => {
  const store = await openSqliteStore({ path: file });
  await store.write(Buffer.concat(requests));
  await store
    .forTenant("acme")
    .write(exportRequest({ traceId: traceId(9), spanId: spanId(9), service: "acme" }));
  await store.close();
  const archive = await openSqliteStore({ path: `${file}.archive` });
  await archive.write(exportRequest({ traceId: traceId(8), spanId: spanId(8), service: "kept" }));
  await archive.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function served(
  options: Partial<ServerOptions> = {},
): Promise<{ server: string; admin: string; store: SpanStore }> {
  const store = openMemoryStore();
  await store.write(Buffer.concat(requests));
  const server = await startServer({ store, listen: "127.0.0.1:0", admin: "127.0.0.1:0", ...options });
  onTestFinished(async () => {
    await server.close();
    await store.close();
  });
  return { server: `--server=${server.address}`, admin: server.adminAddress as string, store };
}

const ids = (output: string): string[] =>
  output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => String(Number((JSON.parse(line) as { traceId: string }).traceId)));

describe("search", slow, () => {
  it("lists traces as a table", async () => {
    const { code, output, errors } = await cli(["search", sqlite, "--limit=2"]);
    expect([code, errors]).toEqual([0, []]);
    const rows = output
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, "THEN"));
    expect(rows).toEqual([
      "TRACE                             STARTED              DURATION  SPANS  ERRORS  ROOT",
      `${traceId(3)}  THEN  300.0 ms      2       -  shop: GET /`,
      `${traceId(2)}  THEN  200.0 ms      2       -  shop: GET /`,
    ]);
  });

  it.each([
    [["--service=shop"], ["3", "2", "1"]],
    [
      ["--operation=Reserve", "--service=stock"],
      ["2", "1"],
    ],
    [["--tag", "http.route=/1"], ["2"]],
    [["--tag", "http.route=/1", "--tag=items=1"], ["2"]],
    [["--tag", "http.route=/1", "--tag=items=2"], []],
    [["--min-duration=150ms", "--max-duration=250ms"], ["2"]],
    [["--since=2h30m"], ["3", "2"]],
    [
      [`--from=${now - 3n * hour}`, `--to=${now - 2n * hour}`, "--service=shop"],
      ["2", "1"],
    ],
    [
      [
        '--filter={"op":"eq","args":[{"field":{"name":"name","level":"span"}},{"scalar":{"value":"GET /"}}]}',
        "--limit=1",
      ],
      ["3"],
    ],
    [["--filter", '{ name = "GET /" }', "--limit=1"], ["3"]],
    [['--filter={ resource.service.name = "shop" && .items = nil }'], []],
    // A constant comes first, and it is no JSON.
    [['--filter={"GET /" = name}', "--limit=1"], ["3"]],
    [["--filter={}"], ["3", "2", "1"]],
    [["--tenant=acme"], ["9"]],
    [["--archive"], ["8"]],
  ] as [string[], string[]][])("finds by %j", async (flags, expected) => {
    const { output, errors } = await cli(["search", sqlite, "--json", ...flags]);
    expect([ids(output), errors]).toEqual([expected, []]);
  });

  it("asks a running server, whose store no other process can open", async () => {
    const { server } = await served();
    const flags = ["--json", "--service=stock"];
    expect(ids((await cli(["search", server, ...flags])).output)).toEqual(["2", "1"]);
    expect(ids((await program(["search", server, ...flags])).output)).toEqual(["2", "1"]);
  });

  it("reads the filter from a file", async () => {
    const path = join(folder, "filter");
    for (const text of [
      '{"op":"exists","args":[{"attr":{"key":"items"}}]}',
      "\ufeff{\n  .items != nil // TraceQL\n}\n",
    ]) {
      writeFileSync(path, text);
      const { output } = await cli(["search", sqlite, "--json", `--filter=@${path}`]);
      expect(ids(output)).toEqual(["3", "2", "1"]);
    }
  });

  it("works on the file that a running server has open", async () => {
    const store = await openSqliteStore({ path: file });
    onTestFinished(() => store.close());
    expect(ids((await cli(["search", sqlite, "--json"])).output)).toEqual(["3", "2", "1"]);
    await store.health();
  });
});

describe("trace and services", slow, () => {
  it("draw the waterfall, and escape its control characters", async () => {
    const { output } = await cli(["trace", sqlite, traceId(3), traceId(1).slice(16)]);
    expect(output.trimEnd().split("\n")).toEqual([
      "SERVICE         SPAN       TIME                                        DURATION",
      "shop            GET /      |========================================|  300.0 ms",
      "stock\\u001b[2J    Reserve  | ==                                     |   10.0 ms",
      "SERVICE  SPAN       TIME                                        DURATION",
      "shop     GET /      |========================================|  100.0 ms",
      "stock      Reserve  |    ====                                |   10.0 ms",
    ]);
    const json = await cli(["trace", sqlite, "--json", traceId(1)]);
    expect(JSON.parse(json.output)).toMatchObject({ resourceSpans: [{}, {}] });
  });

  it("name missing traces and services", async () => {
    const { code, errors } = await cli(["trace", sqlite, traceId(77)]);
    expect([code, errors]).toEqual([1, [`spanstore: there is no trace ${traceId(77)}`]]);
  });

  it("list services and operations", async () => {
    expect((await cli(["services", sqlite])).output).toBe("shop\nstock\nstock\\u001b[2J\n");
    expect((await cli(["services", sqlite, "stock"])).output).toBe("KIND    OPERATION\nclient  Reserve\n");
    expect((await cli(["services", sqlite, "stock", "--kind=server"])).output).toBe("");
    expect((await cli(["services", sqlite, "stock", "--json"])).output).toBe(
      '{"name":"Reserve","spanKind":"client"}\n',
    );
  });
});

describe("a server with TLS and tokens", slow, () => {
  it("is asked with certificates and a token", async () => {
    const authority = createAuthority();
    onTestFinished(() => authority.remove());
    const own = authority.issue("server", "DNS:localhost", "IP:127.0.0.1");
    const client = authority.issue("client");
    const token = "0123456789abcdef0123";
    const { server: byAddress } = await served({
      tls: { certFile: own.certFile, keyFile: own.keyFile, clientCaFile: authority.caFile },
      auth: { tokens: [`read:${token}`] },
    });
    // Node.js warns of TLS with an address.
    const server = byAddress.replace("127.0.0.1", "localhost");
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, `${token}\n`);
    const tls = [
      server,
      `--server.ca-file=${authority.caFile}`,
      `--server.cert-file=${client.certFile}`,
      `--server.key-file=${client.keyFile}`,
    ];
    const search = ["search", "--json", "--limit=1"];
    expect(ids((await cli([...search, ...tls, `--server.token-file=${tokenFile}`])).output)).toEqual(["3"]);
    const fromEnvironment = await program([...search, ...tls], {
      environment: { SPANSTORE_SERVER_TOKEN: token },
    });
    expect([ids(fromEnvironment.output), fromEnvironment.errors]).toEqual([["3"], []]);
    expect((await cli([...search, ...tls])).code).toBe(1);
    expect((await cli([...search, server])).code).toBe(1);
    const alone = await cli([...search, server, `--server.cert-file=${client.certFile}`]);
    expect([alone.code, alone.errors[0]]).toEqual([2, expect.stringContaining("go together")]);
    const doctor = await cli([
      "doctor",
      sqlite,
      "--listen=127.0.0.1:0",
      "--admin=127.0.0.1:0",
      `--tls.cert-file=${own.certFile}`,
      `--tls.key-file=${own.keyFile}`,
    ]);
    expect(doctor.output).toMatch(/warning files, --tls\.cert-file .*CN=server ends in 1 days/);
  });
});

describe("retention", slow, () => {
  it("lists old spans, and removes them", async () => {
    const path = join(folder, "old.sqlite");
    const store = await openSqliteStore({ path });
    await store.write(Buffer.concat(requests));
    await store.forTenant("acme").write(requests[0] as Buffer);
    await store.close();
    const at = `--sqlite.path=${path}`;
    const would = await cli(["retention", at, "--older-than=90m", "--dry-run"]);
    expect(would.output).toMatch(
      /^TENANT {2}NAME +SPANS +SIZE {2}WOULD GO: BEFORE\n- +sqlite +4 .*\nacme +sqlite +2 .*\n$/,
    );
    expect(ids((await cli(["search", at, "--json"])).output)).toEqual(["3", "2", "1"]);
    const policy = ["--retention=90m", "--tenancy.retention=acme=7d"];
    expect((await cli(["retention", at, ...policy])).output).toMatch(/^TENANT .*\n- +sqlite +4 .*\n$/);
    expect(ids((await cli(["search", at, "--json"])).output)).toEqual(["3"]);
    expect(ids((await cli(["search", at, "--json", "--tenant=acme"])).output)).toEqual(["1"]);
    expect((await cli(["retention", at, ...policy])).output).toBe("no spans are that old\n");
  });

  it("removes spans younger than a minute only with --force", async () => {
    const path = join(folder, "young.sqlite");
    const store = await openSqliteStore({ path });
    await store.write(Buffer.concat(requests));
    await store.close();
    const at = `--sqlite.path=${path}`;
    for (const flags of [
      ["--older-than=0s"],
      ["--older-than=59s"],
      ["--before=2200-01-01"],
      ["--older-than=0s", "--exact"],
    ]) {
      const { code, errors, output } = await cli(["retention", at, ...flags]);
      expect([code, output, errors[0]]).toEqual([
        2,
        "",
        expect.stringContaining("add --force when you mean it"),
      ]);
    }
    expect((await cli(["retention", at, "--older-than=0s", "--dry-run"])).code).toBe(0);
    expect(ids((await cli(["search", at, "--json"])).output)).toHaveLength(3);
    expect((await cli(["retention", at, "--older-than=0s", "--force"])).code).toBe(0);
    expect(ids((await cli(["search", at, "--json"])).output)).toEqual([]);
  });

  it("asks a running server", async () => {
    const { server, admin, store } = await served({ allowPurge: true });
    const flags = [server, `--server.admin=http://${admin}`, "--older-than=90m"];
    expect((await cli(["retention", ...flags, "--dry-run"])).output).toContain(" 4 ");
    expect((await cli(["retention", ...flags])).code).toBe(0);
    expect((await store.findTraceIds({})).traces).toHaveLength(1);
    expect((await cli(["retention", server, "--older-than=90m"])).errors.join()).toContain("admin");
  });
});

describe("wrong usage", slow, () => {
  it.each([
    [["serch"], ['there is no command "serch"; did you mean search?', "see spanstore --help"]],
    [
      ["search", "--sevrice=a", "--limit=0", "--tag", "a", "b", "--since=soon", "--backend=redis"],
      [
        "unknown flag --sevrice; did you mean --service?",
        '--tag: must be KEY=VALUE, not "a"',
        '--since: must be a length of time, for example 90s, 1h30m or 7d, not "soon"',
        '--limit: must be a whole number from 1 to 1000000, not "0"',
        'unexpected argument "b"',
        '--backend: must be sqlite, manticore, elasticsearch or memory, not "redis"',
        "see spanstore search --help",
      ],
    ],
    [
      [
        "search",
        "--since=1h",
        "--from=2026-01-01",
        "--tag=a=1",
        "--tag=a=2",
        "--filter={ a }",
        "--service=a",
      ],
      [
        "--since and --from exclude each other",
        '--tag names "a" twice',
        "--filter stands alone, but --service stands beside it",
        "--filter stands alone, but --tag stands beside it",
        '--filter, line 1, column 3: there is no field "a"',
        "  { a }",
        "    ^",
        '  an attribute is .a, a text is "a"',
        "see spanstore search --help",
      ],
    ],
    [
      ["search", '--filter={ "op": "eq" }'],
      [expect.stringContaining("--filter: filter: eq takes two arguments"), "see spanstore search --help"],
    ],
    [
      ["search", "--limit=1", "--limit=2"],
      ["--limit stands there twice", "see spanstore search --help"],
    ],
    [["trace"], ["the argument ID is missing", "see spanstore trace --help"]],
    [
      ["trace", "xyz"],
      ['ID must be 1 to 32 hex digits that are not all zeros, not "xyz"', "see spanstore trace --help"],
    ],
    [
      ["services", "--backend=memory"],
      [expect.stringContaining("--server"), "see spanstore services --help"],
    ],
    [
      ["search", "--sqlite.path=not-there"],
      [expect.stringContaining("there is no file not-there"), "see spanstore search --help"],
    ],
    [
      ["search", "--server.tls"],
      ["--server.tls needs --server", "see spanstore search --help"],
    ],
    [["import"], ["the argument FILE|- is missing", "see spanstore import --help"]],
    [
      ["export", "--format=xml"],
      ['--format: must be otlp or jaeger, not "xml"', "see spanstore export --help"],
    ],
    [
      ["retention"],
      ["say what is old: --before, --older-than or --retention", "see spanstore retention --help"],
    ],
    [
      ["maintain", "polish"],
      [
        expect.stringContaining("optimize, flush or repair"),
        expect.stringContaining("sqlite"),
        "see spanstore maintain --help",
      ],
    ],
  ] as [string[], string[]][])("of %j prints all problems at once", async (args, expected) => {
    const { code, errors } = await cli(args, { cwd: folder });
    expect([code, errors.map((line) => line.replace("spanstore: ", ""))]).toEqual([2, expected]);
  });

  it("ends the program with 2", async () => {
    for (const [args, reason] of [
      [["serch"], 'there is no command "serch"; did you mean search?'],
      [["--backend=memory", "search"], 'unexpected argument "search"'],
    ] as const) {
      const { code, output, errors } = await program(args, { cwd: folder });
      expect([code, output, errors]).toEqual([
        2,
        "",
        [`spanstore: ${reason}`, "spanstore: see spanstore --help"],
      ]);
    }
  });

  it("creates no file", async () => {
    await cli(["services", "--sqlite.path=made.sqlite"], { cwd: folder });
    expect(existsSync(join(folder, "made.sqlite"))).toBe(false);
  });

  it("is avoided by each command's help", async () => {
    const { output } = await cli(["help"]);
    const names = [...output.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name as string);
    expect(names).toEqual(
      expect.arrayContaining([
        "search",
        "trace",
        "services",
        "import",
        "export",
        "retention",
        "doctor",
        "maintain",
      ]),
    );
    for (const name of names) {
      const help = await cli([name, "--help"]);
      expect([help.code, help.errors, help.output]).toEqual([
        0,
        [],
        expect.stringContaining(`Usage: spanstore ${name} [flags]`),
      ]);
      expect((await cli(["help", name])).output).toBe(help.output);
    }
  });
});

describe("doctor", slow, () => {
  const free = ["--listen=127.0.0.1:0", "--admin=127.0.0.1:0"];
  const findings = (output: string) =>
    output
      .split("\n")
      .filter((line) => line !== "")
      .map(
        (line) =>
          JSON.parse(line) as { part: string; level: string; subject: string; text: string; advice?: string },
      );

  it("finds nothing wrong with a good store", async () => {
    const { code, output } = await cli(["doctor", sqlite, ...free]);
    expect(output).toMatch(/\nall is well\n$/);
    expect(code).toBe(0);
    const all = findings((await cli(["doctor", sqlite, ...free, "--json"])).output);
    expect(all.map(({ part, subject }) => `${part} ${subject}`)).toEqual(
      expect.arrayContaining([
        "configuration options",
        "process node",
        "process memory",
        "process clock",
        "ports --listen",
        "ports --admin",
        "sqlite folder",
        "sqlite disk",
        "sqlite file",
        "sqlite schema",
        "sqlite journal mode",
        "sqlite integrity",
        "sqlite tenants",
      ]),
    );
    expect(all.filter(({ level }) => level !== "ok")).toEqual([]);
  });

  it("lists all problems of the configuration", async () => {
    const { code, output } = await cli(["doctor", "--backend=redis", "--listen=x", "--json"]);
    expect([code, findings(output).map(({ level, text }) => [level, text])]).toEqual([
      1,
      [
        ["problem", expect.stringContaining("--backend: must be")],
        ["problem", expect.stringContaining("--listen: must be HOST:PORT")],
      ],
    ]);
  });

  it("finds each fault, with advice", async () => {
    const text = join(folder, "text.sqlite");
    writeFileSync(text, "This is no database, but a text that is long enough to be looked at. ".repeat(100));
    const torn = join(folder, "torn.sqlite");
    const store = await openSqliteStore({ path: torn });
    for (let i = 0; i < 40; i++) {
      const spans = Array.from({ length: 20 }, (_, j) => ({
        traceId: traceId(i * 20 + j),
        spanId: spanId(1),
        attributes: { t: String(Math.sin(i * 20 + j)).repeat(200) },
      }));
      await store.write(exportRequest(...spans));
    }
    await store.close();
    const bytes = readFileSync(torn);
    bytes.fill(0x5a, 8192, bytes.length - 8192);
    writeFileSync(torn, bytes);
    for (const [path, subject] of [
      [text, "database"],
      [torn, "integrity"],
      [join(folder, "no", "folder.sqlite"), "folder"],
      [folder, "file"],
    ] as const) {
      const { code, output } = await program(["doctor", `--sqlite.path=${path}`, ...free, "--json"]);
      const problems = findings(output).filter(({ level }) => level === "problem");
      expect([code, problems.map((each) => each.part)], path).toEqual([1, ["sqlite"]]);
      expect(["database", subject]).toContain(problems[0]?.subject);
      expect(problems[0]?.advice).toBeTruthy();
    }
  });

  it("tells its own server on the ports from another program", async () => {
    const { server, admin } = await served();
    const listen = server.replace("--server=", "--listen=");
    const ours = findings((await cli(["doctor", sqlite, listen, `--admin=${admin}`, "--json"])).output);
    expect(ours.filter(({ part }) => part === "ports").map(({ level }) => level)).toEqual(["ok", "ok"]);
    const other = findings(
      (await cli(["doctor", sqlite, "--listen=127.0.0.1:0", `--admin=${server.slice(9)}`, "--json"])).output,
    );
    expect(other.filter(({ level }) => level === "problem")).toMatchObject([
      { part: "ports", subject: "--admin" },
    ]);
  });

  it("asks a running server", async () => {
    const { server } = await served();
    expect((await cli(["doctor", server])).code).toBe(0);
    const { code, output } = await cli(["doctor", "--server=127.0.0.1:1"]);
    expect([code, output]).toEqual([1, expect.stringContaining("PROBLEM server, server")]);
  });

  it("warns of a server that every client may use", async () => {
    const { code, output } = await cli(["doctor", sqlite, "--listen=0.0.0.0:0", "--admin=127.0.0.1:0"]);
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(
        /warning configuration, access .*everyone who does may read and write all spans\n .*--auth\.tokens-file/,
      ),
    ]);
  });

  it("refuses misspelt environment variables, and warns of others that mean nothing", async () => {
    const misspelt = await cli(["doctor", sqlite, ...free], {
      environment: { SPANSTORE_BACKED: "sqlite" },
    });
    expect([misspelt.code, misspelt.output]).toEqual([
      1,
      expect.stringContaining("SPANSTORE_BACKED means nothing; did you mean SPANSTORE_BACKEND?"),
    ]);
    const { code, output } = await cli(["doctor", sqlite, ...free], {
      environment: { SPANSTORE_IMAGE_NAME: "x" },
    });
    expect([code, output]).toEqual([0, expect.stringContaining("SPANSTORE_IMAGE_NAME means nothing")]);
    expect(output).toMatch(/\nproblems: 0, warnings: 1\n$/);
  });
});
