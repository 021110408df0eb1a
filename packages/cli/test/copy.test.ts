import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  unwatchFile,
  watchFile,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lengthDelimited } from "@spanstore/client/wire";
import {
  decodeTraces,
  openMemoryStore,
  type Span,
  type SpanStore,
  SpanStoreError,
  type TracesData,
} from "@spanstore/core";
import { parseGroups } from "@spanstore/core/otlp";
import { tracesData } from "@spanstore/core/testing";
import { startServer } from "@spanstore/grpc-server";
import { UsageError } from "@spanstore/grpc-server/program";
import { openSqliteStore } from "@spanstore/sqlite";
import fc from "fast-check";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { program } from "./cli.js";
import { type CopyGiven, copy, copyStores, spansIn, spansInFile } from "./copy/run.js";
import { fill, numbers, spanOf, start, tracesOf } from "./copy/spans.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-copy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const freshFile = (ending = "sqlite"): string => join(folder, `${files++}.${ending}`);

async function storeOf(wanted: readonly number[], more: readonly TracesData[] = []): Promise<SpanStore> {
  const store = openMemoryStore();
  await fill(store, wanted);
  for (const traces of more) await store.write(traces);
  return store;
}

async function fileOf(wanted: readonly number[]): Promise<string> {
  const path = freshFile();
  await using store = await openSqliteStore({ path, synchronous: "normal" });
  await fill(store, wanted);
  return path;
}

/** The windows that a state file tells of. */
function windowsIn(path: string): { min: string; max: string; spans: number }[] {
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => JSON.parse(line));
}

describe("a copy", () => {
  it("has the same spans, byte for byte, for any spans", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(tracesData, { maxLength: 5 }),
        fc.integer({ min: 1, max: 5 }),
        async (all, windowSize) => {
          const [from, to] = [openMemoryStore(), openMemoryStore()];
          for (const traces of all) await from.write(traces);
          const spans = await spansIn(from);
          const result = await copyStores(from, to, { windowSize });
          expect(result.code).toBe(0);
          expect(result.output).toContain(`copied  ${spans.length} span`);
          expect(await spansIn(to)).toEqual(spans);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("copies from file to file, and to and from a running server", async () => {
    const file = await fileOf(numbers(1_200));
    const spans = await spansInFile(file);
    expect(spans.length).toBe(1_200);
    const near = await startServer({ store: openMemoryStore(), listen: "127.0.0.1:0" });
    const store = openMemoryStore();
    const far = await startServer({ store, listen: "127.0.0.1:0" });
    const last = freshFile();
    expect(await copy(`sqlite:${file}`, `grpc:${near.address}`)).toMatchObject({ code: 0 });
    expect(await copy(`grpc:${near.address}`, `grpc:${far.address}`)).toMatchObject({ code: 0 });
    expect(await copy(`grpc:${far.address}`, `sqlite:${last}`)).toMatchObject({ code: 0 });
    expect(await spansIn(store)).toEqual(spans);
    expect(await spansInFile(last)).toEqual(spans);
    await Promise.all([near.close(), far.close()]);
  });

  it("cuts windows between moments, however many spans one has", async () => {
    const many = numbers(2_500, 10_000).map((n) => spanOf(n, { startTimeUnixNano: start + 50n }));
    const from = await storeOf(numbers(100), [tracesOf(many)]);
    const to = openMemoryStore();
    const stateFile = freshFile("state");
    expect(await copyStores(from, to, { windowSize: 10, stateFile })).toMatchObject({ code: 0 });
    const windows = windowsIn(stateFile);
    expect(windows.map(({ spans }) => spans).reduce((a, b) => a + b)).toBe(2_600);
    expect(windows[0]?.max).toBe(String(2n ** 64n - 1n));
    expect(windows.at(-1)?.min).toBe("0");
    windows.slice(1).forEach(({ max }, i) => {
      expect(BigInt(max) + 1n).toBe(BigInt(windows[i]?.min ?? 0));
    });
    expect(await spansIn(to)).toEqual(await spansIn(from));
  });

  it("copies only a range of time, a tenant, or the archive", async () => {
    const from = freshFile();
    {
      await using store = await openSqliteStore({ path: from });
      await fill(store, numbers(100));
      await store.forTenant("acme").write(tracesOf([spanOf(7), spanOf(8)]));
    }
    const to = freshFile();
    const range = { min: spanOf(40).startTimeUnixNano, max: spanOf(49).startTimeUnixNano };
    const part = await copy(`sqlite:${from}`, `sqlite:${to}`, { range });
    expect(part.output).toContain("copied  10 spans");
    await copy(`sqlite:${from}`, `sqlite:${to}`, { fromTenant: "acme", toTenant: "other" });
    await copy(`sqlite:${from}`, `sqlite:${to}`, { toArchive: true });
    expect((await spansInFile(to)).length).toBe(10);
    expect(await spansInFile(to, "other")).toEqual(await spansInFile(from, "acme"));
    expect(await spansInFile(`${to}.archive`)).toEqual(await spansInFile(from));
  });

  it("writes the resource and scope of a trace's spans to the target once", async () => {
    const to = openMemoryStore();
    await copyStores(await storeOf(numbers(1_000)), to);
    for await (const { encoded } of to.getTraces([spanOf(500).traceId])) {
      const counts = parseGroups(encoded).map(({ spans }) => spans.length / 2);
      expect(counts.sort()).toEqual([2, 3]);
    }
  });

  it("reports spans that arrived in the newest window of the source meanwhile", async () => {
    const memory = await storeOf(numbers(1_000));
    let isLate = false;
    // Somebody writes while the oldest spans are read.
    const from: SpanStore = {
      ...memory,
      findSpans: async function* (query, options) {
        if (!isLate && query.page?.token !== undefined) {
          isLate = true;
          await memory.write(tracesOf([spanOf(2_000), spanOf(2_001)]));
        }
        yield* memory.findSpans(query, options);
      },
    };
    const { code, output } = await copyStores(from, openMemoryStore(), { windowSize: 300 });
    expect(code).toBe(0);
    expect(output).toContain("copied  1,000 spans");
    expect(output).toContain(
      "the source has 2 spans more now; copy them with --from-time=2027-01-15T08:00:00.700000001Z",
    );
  });
});

describe("a source that fails in the middle", () => {
  /** A store whose reads break off every so many pages. */
  const breaking = (memory: SpanStore, every: number): { store: SpanStore; failures: () => number } => {
    let pages = 0;
    let failures = 0;
    const store: SpanStore = {
      ...memory,
      findSpans: async function* (query, options) {
        const breaks = ++pages % every === 0;
        const isAtOnce = failures % 2 === 0;
        if (breaks) failures++;
        if (!breaks || !isAtOnce) yield* memory.findSpans(query, options);
        if (breaks) throw new SpanStoreError("STORE_UNAVAILABLE", "gone for a moment");
      },
    };
    return { store, failures: () => failures };
  };

  it("is read on from there, without duplicates", async () => {
    const same = numbers(60, 10_000).map((n) => spanOf(n, { startTimeUnixNano: start + 50n }));
    const from = breaking(await storeOf(numbers(400), [tracesOf(same)]), 5);
    const to = openMemoryStore();
    const { code, output, errors } = await copyStores(from.store, to, { windowSize: 25 });
    expect({ code, failures: from.failures() > 2 }).toEqual({ code: 0, failures: true });
    expect(errors).toContain("gone for a moment; trying again");
    expect(output).toContain("copied  460 spans");
    expect(output).not.toContain("passed over");
    expect((await spansIn(to)).length).toBe(460);
  });

  it("ends the copy when the failure is permanent", async () => {
    const memory = await storeOf(numbers(10));
    const from: SpanStore = {
      ...memory,
      // biome-ignore lint/correctness/useYield: it fails before
      findSpans: async function* () {
        throw new SpanStoreError("CORRUPT", "a page cannot be read");
      },
    };
    await expect(copyStores(from, openMemoryStore())).rejects.toThrow("a page cannot be read");
  });
});

describe("a comparison", () => {
  const all = numbers(3_000);
  const without = (missing: number): number[] => all.filter((n) => n !== missing);
  const ids = (n: number): string => `trace ${spanOf(n).traceId} span ${spanOf(n).spanId}`;
  const verify = async (to: SpanStore, given: CopyGiven = {}) =>
    copyStores(await storeOf(all), to, { mode: "verify", windowSize: 500, ...given });

  it("accepts equal spans, and writes nothing", async () => {
    expect(await verify(await storeOf(all))).toMatchObject({ code: 0 });
    const empty = openMemoryStore();
    expect(await verify(empty)).toMatchObject({ code: 1 });
    expect(await spansIn(empty)).toEqual([]);
  });

  it("reports a missing span", async () => {
    const { code, output, errors } = await verify(await storeOf(without(1234)));
    expect(code).toBe(1);
    expect(output).toContain("1 missing, 0 changed, 0 extra");
    expect(errors).toContain(`missing ${ids(1234)}`);
  });

  it.each([
    [
      "that is longer by a nanosecond",
      tracesOf([spanOf(1234, { endTimeUnixNano: spanOf(1234).endTimeUnixNano + 1n })]),
    ],
    ["whose resource is another", tracesOf([spanOf(1234)], "shop 2")],
    [
      "that started a little later",
      tracesOf([spanOf(1234, { startTimeUnixNano: spanOf(1234).startTimeUnixNano + 1n })]),
    ],
  ])("tells a span %s", async (_, changed) => {
    const { code, output, errors } = await verify(await storeOf(without(1234), [changed]));
    expect(code).toBe(1);
    expect(output).toContain("0 missing, 1 changed, 0 extra");
    expect(errors).toContain(`changed ${ids(1234)}`);
  });

  it("reports a span that only the target has, in any window, unless other writers are allowed", async () => {
    const before = spanOf(5_000, { startTimeUnixNano: 1n });
    const after = spanOf(5_001, { startTimeUnixNano: 2n ** 64n - 1n });
    const to = await storeOf(all, [tracesOf([before, spanOf(1234, { name: "another" }), after])]);
    const { code, output, errors } = await verify(to);
    expect(code).toBe(1);
    expect(output).toContain("0 missing, 0 changed, 3 extra");
    expect(errors).toContain(`extra ${ids(5_001)}`);
    expect(await verify(to, { allowsExtra: true })).toMatchObject({ code: 0 });
  });

  it("is part of every copy", async () => {
    const to = await storeOf(without(17), [tracesOf([spanOf(1234, { name: "another" })])]);
    const result = await copyStores(await storeOf(all), to);
    expect(result.code).toBe(1);
    expect(result.output).toContain("0 missing, 0 changed, 1 extra");
    expect(await copyStores(await storeOf(all), to, { mode: "copy" })).toMatchObject({ code: 0 });
  });
});

describe("a state file", () => {
  it("goes on where a copy was ended, at any byte", async () => {
    const from = await storeOf(numbers(3_000));
    const stateFile = freshFile("state");
    const given = { stateFile, windowSize: 400 };
    await copyStores(from, openMemoryStore(), given);
    const whole = readFileSync(stateFile);
    const windows = windowsIn(stateFile);
    expect(windows.length).toBeGreaterThan(5);
    for (const size of [0, 10, 300, Math.floor(whole.length / 2), whole.length - 1, whole.length]) {
      writeFileSync(stateFile, whole.subarray(0, size));
      const done = whole.subarray(0, size).toString().split("\n").length - 2;
      const to = openMemoryStore();
      const again = await copyStores(from, to, given);
      expect(again).toMatchObject({ code: 0 });
      expect(again.output).toContain("copied  3,000 spans");
      expect(windowsIn(stateFile).slice(0, Math.max(0, done))).toEqual(windows.slice(0, Math.max(0, done)));
      // The file says that the first windows are done.
      const rest = windows.slice(Math.max(0, done)).reduce((sum, { spans }) => sum + spans, 0);
      expect((await spansIn(to)).length).toBe(rest);
    }
  });

  it("repeats windows that differed", async () => {
    const from = await storeOf(numbers(1_000));
    const stateFile = freshFile("state");
    const given = { stateFile, windowSize: 100 };
    await copyStores(from, openMemoryStore(), given);
    const record = windowsIn(stateFile)[3];
    appendFileSync(stateFile, `${JSON.stringify({ ...record, missing: 2 })}\n`);
    const to = openMemoryStore();
    expect(await copyStores(from, to, given)).toMatchObject({ code: 0 });
    expect((await spansIn(to)).length).toBe(record?.spans);
  });

  it("of another copy, or no state at all, is refused and kept", async () => {
    const from = await fileOf(numbers(10));
    const stateFile = freshFile("state");
    await copy(`sqlite:${from}`, `sqlite:${freshFile()}`, { stateFile });
    const whole = readFileSync(stateFile, "utf8");
    const toOther = () => copy(`sqlite:${from}`, `sqlite:${freshFile()}`, { stateFile });
    await expect(toOther()).rejects.toThrow("is the state of another copy: to is");
    expect(readFileSync(stateFile, "utf8")).toBe(whole);
    for (const text of ["my notes", "my notes\n", `${whole}${whole}`]) {
      writeFileSync(stateFile, text);
      await expect(toOther()).rejects.toThrow(UsageError);
      expect(readFileSync(stateFile, "utf8")).toBe(text);
    }
  });

  it("lets a copy finish across repeated kill -9", { timeout: 90_000 }, async () => {
    const from = await fileOf(numbers(6_000));
    const to = freshFile();
    const state = freshFile("state");
    const places = [`--from=sqlite:${from}`, `--to=sqlite:${to}`];
    const args = ["copy", ...places, `--state=${state}`, "--window-spans=150"];
    const windows = (): number =>
      existsSync(state) ? readFileSync(state, "utf8").split("\n").length - 1 : 0;
    for (let kill = 1; kill <= 2; kill++) {
      const reached = windows() + 4;
      const ended = await program(args, {
        started: (child) =>
          watchFile(state, { interval: 5 }, () => {
            if (windows() >= reached) child.kill("SIGKILL");
          }),
      });
      unwatchFile(state);
      expect(ended.code).toBe(null);
    }
    const done = windows();
    const last = await program(args);
    expect(last).toMatchObject({ code: 0 });
    expect(last.errors[0]).toContain("going on");
    expect(last.output).toContain("copied  6,000 spans");
    expect(windows()).toBeGreaterThan(done);
    expect(await spansInFile(to)).toEqual(await spansInFile(from));
  });
});

describe("what can not be copied", () => {
  it("goes to the dead letters, and its neighbours to the target", async () => {
    const deadLetters = freshFile("json");
    const memory = openMemoryStore();
    const to: SpanStore = {
      ...memory,
      // As an engine does that cannot keep one of the spans.
      write: async (traces, options) => {
        const { resourceSpans } = decodeTraces(traces as Uint8Array);
        const isFit = ({ name }: Span): boolean => name !== "operation 3";
        const all = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
        const unfit = new Set(all.filter((span) => !isFit(span)).map(({ spanId }) => spanId));
        const kept = resourceSpans.map((each) => ({
          ...each,
          scopeSpans: each.scopeSpans.map((scope) => ({ ...scope, spans: scope.spans.filter(isFit) })),
        }));
        const result = await memory.write({ resourceSpans: kept }, options);
        const rejected = parseGroups(traces as Uint8Array).flatMap(({ bytes, spans }) =>
          spans.flatMap((at, i) => {
            const encoded = bytes.slice(at, spans[i + 1]);
            const [span] = i % 2 === 0 ? spansAlone(encoded) : [];
            return span !== undefined && unfit.has(span.spanId) ? [{ encoded, reason: "too much" }] : [];
          }),
        );
        return { ...result, rejected };
      },
    };
    const { code, output } = await copyStores(await storeOf(numbers(70)), to, { deadLetters, windowSize: 8 });
    expect(code).toBe(1);
    expect(output).toContain("copied  60 spans");
    expect(output).toContain("the same spans on both sides");
    expect(output).toContain(`dead letters  10 spans can never be stored: in ${deadLetters}`);
    expect((await spansIn(memory)).length).toBe(60);
    const letters = readFileSync(deadLetters, "utf8").trim().split("\n");
    expect(letters.length).toBe(10);
    for (const letter of letters) {
      const { reason, span } = JSON.parse(letter);
      expect(reason).toBe("too much");
      expect(spansAlone(Buffer.from(span, "base64"))).toMatchObject([{ name: "operation 3" }]);
    }
  });

  it("counts the spans that a server rejects for its own limits, with the reason", async () => {
    const from = await fileOf(numbers(70));
    const server = await startServer({
      store: openMemoryStore(),
      listen: "127.0.0.1:0",
      spanLimits: { spanBytes: 10, nameBytes: 1000, valueBytes: 1000, attributes: 100 },
    });
    onTestFinished(() => server.close());
    for (const mode of ["copy", "copy and verify"] as const) {
      const { code, output, errors } = await copy(`sqlite:${from}`, `grpc:${server.address}`, { mode });
      expect([code, output]).toEqual([
        1,
        expect.stringMatching(/^dead letters {2}70 spans can never be stored/m),
      ]);
      expect(errors).toMatch(/"reason":"span has/);
    }
  });

  it.each([
    ["the same place", (file: string) => [`sqlite:${file}`, `sqlite:${file}`], "the same place"],
    [
      "a file that is not there",
      (file: string) => [`sqlite:${file}.not`, `sqlite:${file}`],
      "there is no file",
    ],
    ["a place of no kind", (file: string) => [`sqlight:${file}`, `sqlite:${file}`], "--from must be"],
    ["an option of another backend", () => ["manticore:mysql://a:1?path=x", "grpc:a:1"], 'no option "path"'],
    [
      "Jaeger's indices as the target",
      (file: string) => [`sqlite:${file}`, "jaeger-elasticsearch:http://127.0.0.1:1"],
      "only read",
    ],
  ])("is refused: %s", async (_, places, told) => {
    const file = freshFile();
    writeFileSync(file, "");
    const [from = "", to = ""] = places(file);
    await expect(copy(from, to)).rejects.toThrow(told);
  });
});

/** The span that these bytes are. */
function spansAlone(encoded: Uint8Array): readonly Span[] {
  const within = (number: number, content: Uint8Array) => Buffer.concat(lengthDelimited(number, content));
  const { resourceSpans } = decodeTraces(within(1, within(2, within(2, encoded))));
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}
