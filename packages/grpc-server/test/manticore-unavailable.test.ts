import { once } from "node:events";
import { status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { describeWithPeer } from "../../../scripts/test-support/peers.js";
import { freePorts, startProgram, until } from "../../../scripts/test-support/processes.js";
import { freshPrefix, type Searchd, startSearchd } from "../../manticore/test/searchd.js";
import { connectSpanStore } from "../src/index.js";
import { connect, errorOf, exportRequest, spanId, type TestClient, traceId } from "./harness.js";
import { type ServerOnManticore, serverOnManticore } from "./manticore/server.js";
import { askMysql } from "./manticore/sql.js";

describeWithPeer("manticore", "the server while searchd does not serve", (located) => {
  let prefix = "";
  let searchd: Searchd;
  let server: ServerOnManticore;
  let client: TestClient;

  beforeAll(async () => {
    searchd = await startSearchd(located);
  });
  afterAll(() => searchd?.close());
  beforeEach(async (context) => {
    if (searchd.program() === undefined) context.skip("this searchd is not the test's to stop");
    prefix = freshPrefix();
    server = await serverOnManticore(searchd.url, [`--manticore.prefix=${prefix}`]);
    await server.start();
    client = connect(server.address);
  });
  afterEach(async () => {
    client?.close();
    await server?.stop();
  });

  const request = (n: number) => exportRequest({ traceId: traceId(n), spanId: spanId(n) });
  const searchdProcess = () => {
    const program = searchd.program();
    if (program === undefined) throw new Error("no searchd was started");
    return program.process;
  };
  const ready = async () => {
    const answer = await fetch(`${server.adminUrl}/readyz`);
    return [answer.status, await answer.text()];
  };
  const spanIds = async () => {
    const rows = await askMysql(searchd.url, `SELECT span_id FROM ${prefix}spans ORDER BY span_id ASC`);
    return rows.map((row) => row.span_id);
  };

  it("answers UNAVAILABLE and is not ready while it is down, and recovers by itself", async () => {
    await client.unary("Export", request(1));
    await searchd.program()?.stop();

    expect(await ready()).toEqual([503, expect.stringContaining("ECONNREFUSED")]);
    await using store = connectSpanStore(server.address);
    await expect(store.health()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    const failing = [
      client.unary("Export", request(2)),
      client.collect("FindTraces", { query: {} }),
      client.unary("FindTraceIDs", { query: {} }),
      client.collect("GetTraces", { query: [{ traceId: Buffer.from(traceId(1), "hex") }] }),
    ];
    for (const error of await Promise.all(failing.map(errorOf))) {
      expect(error.code).toBe(status.UNAVAILABLE);
      expect(error.details).toContain("does searchd run");
    }

    await searchd.start();
    await client.unary("Export", request(2));
    expect(await ready()).toEqual([200, expect.anything()]);
    await store.health();
    expect(await client.unary("GetServices", {})).toEqual({ services: ["cart"] });
    expect((await client.unary("FindTraceIDs", { query: {} })).traceIds).toHaveLength(2);
    expect(await spanIds()).toEqual([spanId(1), spanId(2)]);
  });

  it("keeps to deadlines and is not ready while it hangs, and recovers by itself", async () => {
    await client.unary("Export", request(1));
    const searchdRuns = searchdProcess();
    searchdRuns.kill("SIGSTOP");
    try {
      const deadline = () => ({ deadline: Date.now() + 500 });
      const failing = [
        client.unary("Export", request(2), deadline()),
        client.unary("FindTraceIDs", { query: {} }, deadline()),
      ];
      for (const error of await Promise.all(failing.map(errorOf))) {
        expect(error.code).toBe(status.DEADLINE_EXCEEDED);
      }
      expect(await ready()).toEqual([503, expect.stringContaining("did not answer within")]);
    } finally {
      searchdRuns.kill("SIGCONT");
    }
    await client.unary("Export", request(2));
    await client.unary("Export", request(3));
    expect((await client.unary("FindTraceIDs", { query: {} })).traceIds).toHaveLength(3);
    expect(await spanIds()).toEqual([spanId(1), spanId(2), spanId(3)]);
    await until(async () => ((await ready())[0] === 200 ? true : undefined), { what: "readiness" });
  });

  it("warns at its start when searchd syncs less than promised", async () => {
    expect(server.program().output()).not.toContain("binlog_flush");
    const weaker = await startSearchd(located, { settings: [] });
    onTestFinished(weaker.close);
    const warned = await serverOnManticore(weaker.url);
    onTestFinished(warned.stop);
    await warned.start();
    const lines = warned.program().output().split("\n");
    const warning = lines.find((line) => line.includes("binlog_flush"));
    expect(JSON.parse(warning ?? "{}")).toMatchObject({
      level: "warn",
      msg: expect.stringContaining("set binlog_flush = 1"),
    });
  });

  it("says why it can not start, without the password", async () => {
    const [nobody, grpc, admin] = await freePorts(3);
    const program = startProgram(
      [process.execPath, new URL("../dist/main.js", import.meta.url).pathname],
      [
        "--backend=manticore",
        `--manticore.url=mysql://someone:secret@127.0.0.1:${nobody}`,
        `--listen=127.0.0.1:${grpc}`,
        `--admin=127.0.0.1:${admin}`,
      ],
    );
    const [code] = await once(program.process, "close");
    expect(code).toBe(1);
    expect(program.output()).toContain("does searchd run");
    expect(program.output()).not.toContain("secret");
  });
});
