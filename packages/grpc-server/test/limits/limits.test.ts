import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import type { SpanLimits } from "@spanstore/core/engine";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { until } from "../../../../scripts/test-support/processes.js";
import { createRateLimits } from "../../src/limits/rate-limits.js";
import { matchesPattern } from "../../src/routing/patterns.js";
import { openDeadLetterFile } from "../../src/upkeep/dead-letter-file.js";
import {
  connect,
  errorOf,
  exportRequest,
  messageType,
  type Served,
  serve,
  spanId,
  traceId,
} from "../harness.js";
import { jaegerSpan } from "../jaeger/jaeger1/spans.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-limits-"));
afterAll(() => rmSync(folder, { recursive: true }));
let served: Served;
afterEach(() => served?.stop());

const limits: SpanLimits = { spanBytes: 10_000, nameBytes: 100, valueBytes: 1000, attributes: 10 };
const start = async (options: Parameters<typeof serve>[0] = {}) => {
  served = await serve({ admin: "127.0.0.1:0", spanLimits: limits, ...options });
};
const metric = async (name: string) => {
  const text = await (await fetch(`http://${served.server.adminAddress}/metrics`)).text();
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(name))
      ?.split(" ")
      .at(-1),
  );
};

describe("limits of spans", () => {
  const good = { traceId: traceId(1), spanId: spanId(1) };
  const many = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`k${i}`, "v"]));
  const beyond = [
    { what: "span.name", span: { name: "n".repeat(101) } },
    { what: "a key", span: { attributes: { ["k".repeat(101)]: "v" } } },
    { what: 'span.attributes["body"]', span: { attributes: { body: "v".repeat(1000) } } },
    { what: "span.attributes: more than", span: { attributes: many } },
    { what: 'resource.attributes["service.name"]', span: { service: "s".repeat(101) } },
    {
      what: "span has",
      span: { attributes: Object.fromEntries([..."abcdefghij"].map((key) => [key, "v".repeat(990)])) },
    },
  ];

  it.each(beyond)(
    "keep a span out whose $what is beyond them, and its neighbours in",
    async ({ what, span }) => {
      const file = join(folder, `${what.replaceAll(/\W/g, "")}.jsonl`);
      await start({ deadLetters: { file, maxBytes: 1_000_000 } });
      const request = exportRequest(
        good,
        { traceId: traceId(2), spanId: spanId(2), ...span },
        { ...good, spanId: spanId(3) },
      );
      await served.client.unary("Export", request);
      expect((await served.client.unary("FindTraceIDs", { query: {} })).traceIds).toHaveLength(1);
      expect(await metric("spanstore_spans_rejected_total")).toBe(1);
      expect(await metric("spanstore_spans_written_total")).toBe(2);
      await served.stop();
      const [letter, ...others] = readFileSync(file, "utf8").trim().split("\n");
      expect(others).toEqual([]);
      expect(JSON.parse(String(letter))).toMatchObject({
        reason: expect.stringContaining(what),
        store: "main",
      });
    },
  );

  it("fail the WriteSpan of a span, naming the field", async () => {
    await start();
    const failure = await errorOf(
      served.client.unary("WriteSpan", {
        span: jaegerSpan({ traceId: traceId(1), spanId: spanId(1), name: "n".repeat(101) }),
      }),
    );
    expect(failure.code).toBe(status.INVALID_ARGUMENT);
    expect(failure.details).toContain("span.name");
  });

  it("hold a query and its headers, too", async () => {
    await start({ maxQueryBytes: 1000, maxHeaderBytes: 1000 });
    const query = { serviceName: "s".repeat(1001) };
    const refused = [
      served.client.unary("FindTraceIDs", { query }),
      served.client.collect("jaeger.storage.v2.TraceReader/FindTraces", { query }),
    ];
    for (const { code } of await Promise.all(refused.map(errorOf)))
      expect(code).toBe(status.RESOURCE_EXHAUSTED);
    const client = connect(served.server.address, {}, { "x-long": "h".repeat(1001) });
    expect(await errorOf(client.unary("jaeger.storage.v2.TraceReader/GetServices", {}))).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining("headers"),
    });
    client.close();
  });
});

describe("the file of dead letters", () => {
  it("has every dead letter whole, within its bound", async () => {
    const file = join(folder, "letters.jsonl");
    const maxBytes = 40_000;
    await start({ deadLetters: { file, maxBytes } });
    const requests = Array.from({ length: 30 }, (_, n) =>
      exportRequest({ traceId: traceId(n + 1), spanId: spanId(1), name: "n".repeat(2000), service: `s${n}` }),
    );
    for (const request of requests) await served.client.unary("Export", request);
    await served.client.unary("Export", exportRequest({ traceId: "abcd", spanId: spanId(1) }));
    await served.stop();
    const lines = [`${file}.1`, file].flatMap((path) => readFileSync(path, "utf8").trim().split("\n"));
    expect(statSync(file).size + statSync(`${file}.1`).size).toBeLessThanOrEqual(maxBytes);
    const letters = lines.map((line) => JSON.parse(line));
    expect(letters.at(-1)).toMatchObject({ reason: expect.stringContaining("trace id of 2 bytes") });
    const ids = letters.slice(0, -1).map(({ span }) => {
      const given = messageType("opentelemetry.proto.trace.v1.Span").deserialize(Buffer.from(span, "base64"));
      expect(given.name).toBe("n".repeat(2000));
      return Number.parseInt(given.traceId.toString("hex"), 16);
    });
    // The newest are there, each once and in order.
    expect(ids.length).toBeGreaterThan(5);
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, i) => 31 - ids.length + i));
  });

  it("continues an existing file, and reports lines that it could not write", async () => {
    const file = join(folder, "again.jsonl");
    const bad = exportRequest({ traceId: "abcd", spanId: spanId(1) });
    for (let run = 0; run < 2; run++) {
      await start({ deadLetters: { file, maxBytes: 10_000 } });
      await served.client.unary("Export", bad);
      await served.stop();
    }
    expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(2);
    await start({ deadLetters: { file, maxBytes: 10_000 } });
    const tooLong = exportRequest({ traceId: traceId(1), spanId: spanId(1), name: "n".repeat(9000) });
    await served.client.unary("Export", tooLong);
    await until(async () => ((await metric("spanstore_dead_letters_lost_total")) === 1 ? true : undefined), {
      what: "the count",
    });
    expect(existsSync(`${file}.1`)).toBe(false);
  });

  describe("keeps its lines while the disk does not take them", () => {
    const line = (n: number): string => JSON.stringify({ n, text: "x".repeat(400) });
    const numbersIn = (path: string): number[] =>
      readFileSync(path, "utf8")
        .trim()
        .split("\n")
        .map((text) => JSON.parse(text).n);
    const opened = async (name: string) => {
      const home = join(folder, name);
      mkdirSync(home);
      const path = join(home, "letters.jsonl");
      const failures: [string, number][] = [];
      const waiters: (() => void)[] = [];
      const file = await openDeadLetterFile({
        file: path,
        maxBytes: 4000,
        retryMs: 10,
        failed: (error, lost) => {
          failures.push([String(error), lost]);
          for (const wake of waiters.splice(0)) wake();
        },
      });
      return { home, path, file, failures, failed: () => new Promise<void>((wake) => waiters.push(wake)) };
    };

    it("when the next file cannot be opened as it rotates", async () => {
      const { home, path, file, failures, failed } = await opened("gone");
      const isFailed = failed();
      rmSync(home, { recursive: true });
      for (let n = 0; n < 6; n++) file.append(line(n));
      await isFailed;
      expect(failures).toEqual([[expect.stringContaining("ENOENT"), 0]]);
      mkdirSync(home);
      await until(async () => (existsSync(path) ? true : undefined), { what: "the file" });
      for (let n = 6; n < 9; n++) file.append(line(n));
      await file.close();
      expect([...numbersIn(`${path}.1`), ...numbersIn(path)].slice(-5)).toEqual([4, 5, 6, 7, 8]);
      expect(failures).toHaveLength(1);
    });

    it("when the file before it cannot be replaced", async () => {
      const { path, file, failures, failed } = await opened("blocked");
      mkdirSync(join(`${path}.1`, "something"), { recursive: true });
      const isFailed = failed();
      for (let n = 0; n < 6; n++) file.append(line(n));
      await isFailed;
      expect(numbersIn(path)).toEqual([0, 1, 2, 3]);
      rmSync(`${path}.1`, { recursive: true });
      await until(async () => (existsSync(`${path}.1`) ? true : undefined), { what: "the file before" });
      await file.close();
      expect([...numbersIn(`${path}.1`), ...numbersIn(path)]).toEqual([0, 1, 2, 3, 4, 5]);
      expect(failures.map(([, lost]) => lost)).toEqual([0]);
    });

    it("and tells at the end how many are lost", async () => {
      const { path, file, failures, failed } = await opened("never");
      mkdirSync(join(`${path}.1`, "something"), { recursive: true });
      const isFailed = failed();
      for (let n = 0; n < 6; n++) file.append(line(n));
      await isFailed;
      await file.close();
      expect(failures.map(([, lost]) => lost)).toEqual([0, 2]);
    });

    it("and goes on in a new file when another program has moved it", async () => {
      const { path, file } = await opened("moved");
      file.append(line(0));
      await until(async () => (readFileSync(path, "utf8") === "" ? undefined : true), { what: "a line" });
      renameSync(path, `${path}.rotated`);
      file.reopen();
      file.append(line(1));
      await file.close();
      expect([numbersIn(`${path}.rotated`), numbersIn(path)]).toEqual([[0], [1]]);
    });
  });
});

describe("rates", () => {
  it("refuse a tenant that writes more than it may, say when to come again, and leave others alone", async () => {
    await start({
      spanLimits: { spanBytes: 1e9, nameBytes: 1e9, valueBytes: 1e9, attributes: 1e9 },
      tenancy: {},
      rates: { bytesPerSecond: 1_000_000, ofTenants: [{ pattern: "small-*", value: 1000 }] },
    });
    const as = (tenant: string) => connect(served.server.address, {}, { "x-tenant": tenant });
    const [small, other, large] = [as("small-1"), as("small-2"), as("large")];
    const write = (client: typeof small, n: number) =>
      client.unary(
        "Export",
        exportRequest({ traceId: traceId(n), spanId: spanId(n), attributes: { text: "x".repeat(20_000) } }),
      );
    await write(small, 1);
    const refused = await errorOf(write(small, 2));
    expect(refused.code).toBe(status.RESOURCE_EXHAUSTED);
    const { details } = messageType("google.rpc.Status").deserialize(
      refused.metadata.get("grpc-status-details-bin")[0] as Buffer,
    );
    const retry = details.find((each: { type_url: string }) => each.type_url.endsWith("RetryInfo"));
    const delay = messageType("google.rpc.RetryInfo").deserialize(retry.value).retryDelay;
    // 20,000 bytes at 1000 a second, of which 5000 may come at once.
    expect(Number(delay.seconds)).toBeGreaterThanOrEqual(13);
    expect(Number(delay.seconds)).toBeLessThanOrEqual(15);
    await write(other, 3);
    for (let n = 4; n < 10; n++) await write(large, n);
    expect(await small.unary("GetServices", {})).toEqual({ services: ["cart"] });
    expect(await metric('spanstore_writes_refused_total{reason="rate"}')).toBe(1);
    for (const client of [small, other, large]) client.close();
  });

  it("slow a stream down, and lose nothing of it", async () => {
    await start({ rates: { bytesPerSecond: 20_000, ofTenants: [] } });
    const { call, answer } = served.client.upload("WriteSpanStream");
    // The first second's worth and more: what is beyond the burst has to wait.
    for (let n = 1; n <= 150; n++) {
      call.write({ span: jaegerSpan({ traceId: traceId(n), spanId: spanId(n), name: "n".repeat(90) }) });
    }
    call.end();
    await answer;
    expect(await metric("spanstore_spans_written_total")).toBe(150);
  });

  it("are by tenant, the first pattern that fits before the common one", () => {
    const rateOf = createRateLimits(
      {
        bytesPerSecond: undefined,
        ofTenants: [
          { pattern: "a*", value: 10 },
          { pattern: "ab", value: 1000 },
        ],
      },
      () => {},
    );
    expect(rateOf(undefined)).toBeUndefined();
    expect(rateOf("b")).toBeUndefined();
    const limit = rateOf("ab");
    limit?.take(51);
    for (const same of [limit, rateOf("ab")]) expect(() => same?.take(1)).toThrow(/more than 10 bytes/);
    rateOf("aa")?.take(1);
  });

  it.each<[pattern: string, name: string, matches: boolean]>([
    ["acme", "acme", true],
    ["acme", "acme2", false],
    ["*", "", true],
    ["*", "anything", true],
    ["team-*", "team-", true],
    ["team-*", "a-team-1", false],
    ["*-dev", "shop-dev", true],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["a*b*c", "a-b-c", true],
    ["a*b*c", "acb", false],
    ["a*bc*c", "abc", false],
    ["a.c", "abc", false],
    ["(*)", "(x)", true],
  ])("the pattern %j and the name %j: %s", (pattern, name, matches) => {
    expect(matchesPattern(pattern, name)).toBe(matches);
  });
});
