import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { status } from "@grpc/grpc-js";
import { connectSpanStore } from "@spanstore/client";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { freePorts, startProgram, until } from "../../../../scripts/test-support/processes.js";
import { freshPrefix, type Searchd, startSearchd } from "../../../manticore/test/searchd.js";
import { connect, errorOf, exportRequest, spanId, type TestClient, traceId } from "../harness.js";
import { type ServerOnManticore, serverOnManticore } from "../manticore/server.js";
import { askMysql } from "../manticore/sql.js";

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
    const running = searchdProcess();
    running.kill("SIGSTOP");
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
      running.kill("SIGCONT");
    }
    await client.unary("Export", request(2));
    await client.unary("Export", request(3));
    expect((await client.unary("FindTraceIDs", { query: {} })).traceIds).toHaveLength(3);
    expect(await spanIds()).toEqual([spanId(1), spanId(2), spanId(3)]);
    await until(async () => ((await ready())[0] === 200 ? true : undefined), { what: "readiness" });
  });

  it("gives a search whole although searchd is killed and started in the middle of it", async () => {
    const traces = 400;
    for (let n = 1; n <= traces; n += 100) {
      const spans = Array.from({ length: 100 }, (_, i) => ({
        traceId: traceId(n + i),
        spanId: spanId(n + i),
        attributes: { text: String(n + i).repeat(10_000) },
      }));
      await client.unary("Export", exportRequest(...spans));
    }
    const found = new Set<string>();
    await using store = connectSpanStore(server.address);
    for await (const chunk of store.findTraces({ service: "cart", limit: traces })) {
      found.add(chunk.traceId);
      if (found.size !== 1) continue;
      const running = searchdProcess();
      const ended = once(running, "exit");
      running.kill("SIGKILL");
      await ended;
      await searchd.start();
    }
    expect(found.size).toBe(traces);
  });

  it("refuses what the disk does not take, keeps the rest, and goes on when there is room", async (context) => {
    if (!("command" in located) || located.docker || process.platform !== "linux") {
      return context.skip("searchd's limits are not the test's to set");
    }
    // A disk that is full for writes behind a file's first 512 KiB.
    const limited = ["bash", "-c", 'trap "" XFSZ; ulimit -S -f 512; exec "$0" "$@"', ...located.command];
    const full = await startSearchd({ command: limited as [string, ...string[]] });
    onTestFinished(full.close);
    const over = await serverOnManticore(full.url);
    onTestFinished(over.stop);
    await over.start();
    const writer = connect(over.address);
    onTestFinished(() => writer.close());

    const text = "0123456789".repeat(1000);
    const write = (n: number) =>
      writer.unary("Export", exportRequest({ traceId: traceId(n), spanId: spanId(n), attributes: { text } }));
    let n = 0;
    const failure = await errorOf(
      (async () => {
        for (;;) await write(++n);
      })(),
    );
    expect(failure.code).toBe(status.UNAVAILABLE);
    expect(failure.details).toMatch(/unable to write to binlog.*File too large/);
    expect(n).toBeGreaterThan(5);
    expect((await errorOf(write(n))).code).toBe(status.UNAVAILABLE);
    expect((await writer.unary("FindTraceIDs", { query: {} })).traceIds.length).toBeGreaterThanOrEqual(n - 1);

    const running = full.program()?.process;
    if (running === undefined) throw new Error("no searchd was started");
    execFileSync("prlimit", [`--pid=${running.pid}`, "--fsize=unlimited"]);
    await write(n);
    await write(n + 1);

    const ended = once(running, "exit");
    running.kill("SIGKILL");
    await ended;
    await full.start();
    const kept = await askMysql(
      full.url,
      "SELECT span_id FROM jaeger_spans ORDER BY span_id ASC LIMIT 10000",
    );
    expect(kept.map((row) => row.span_id)).toEqual(Array.from({ length: n + 1 }, (_, i) => spanId(i + 1)));
    await using store = connectSpanStore(over.address);
    const ids = Array.from({ length: n + 1 }, (_, i) => traceId(i + 1));
    const given: string[] = [];
    for await (const chunk of store.getTraces(ids)) given.push(chunk.traceId);
    expect(given).toEqual(ids);
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

  it("starts while searchd is down, names the address, and serves when it is up", async () => {
    await searchd.program()?.stop();
    const url = searchd.url.replace("mysql://", "mysql://someone:secret@");
    const early = await serverOnManticore(url, [`--manticore.prefix=${prefix}early_`]);
    onTestFinished(early.stop);
    await early.start("serving");
    const answer = await fetch(`${early.adminUrl}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain(`cannot reach Manticore Search at ${new URL(searchd.url).host}`);
    const writer = connect(early.address);
    onTestFinished(() => writer.close());
    const error = await errorOf(writer.unary("Export", request(1)));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toContain("does searchd run");

    await searchd.start();
    await until(async () => ((await fetch(`${early.adminUrl}/readyz`)).status === 200 ? true : undefined), {
      what: "readiness",
    });
    await writer.unary("Export", request(1));
    expect((await writer.unary("FindTraceIDs", { query: {} })).traceIds).toHaveLength(1);
    expect(early.program().output()).not.toContain("secret");
  });

  it("does not start on tables of a newer version", async () => {
    await client.unary("Export", request(1));
    await askMysql(
      searchd.url,
      `REPLACE INTO ${prefix}stop_terms (id,window_start,terms) VALUES (1,-1,'{"version":9,"window":"day"}')`,
    );
    await server.stop();
    const [grpc, admin] = await freePorts(2);
    const program = startProgram(
      [process.execPath, new URL("../../dist/main.js", import.meta.url).pathname],
      [
        "--backend=manticore",
        `--manticore.url=${searchd.url}`,
        `--manticore.prefix=${prefix}`,
        `--listen=127.0.0.1:${grpc}`,
        `--admin=127.0.0.1:${admin}`,
      ],
    );
    const [code] = await once(program.process, "close");
    expect(code).toBe(1);
    expect(program.output()).toContain("made by a newer version (9)");
  });
});
