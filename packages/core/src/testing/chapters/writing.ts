import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openMemoryStore } from "../../memory/index.js";
import { encodeTraces } from "../../otlp/encode.js";
import type { SpanStore } from "../../store/contract/span-store.js";
import { labelsOf, readSpans, readSummaries, readTraces } from "../contents.js";
import type { Suite } from "../harness.js";
import { type Replacement, spliced } from "../raw-otlp.js";
import { spanIdOf, type TestSpan, timeAt, traceIdOf, tracesOf } from "../spans.js";

const wholeTime = { startTimeUnixNano: 0n, endTimeUnixNano: timeAt(100_000_000) };

/** The answers that double counting would change. */
async function counts(store: SpanStore): Promise<unknown> {
  return {
    traces: await readTraces(store.findTraces({})),
    summaries: await readSummaries(store.findTraceSummaries({})),
    spans: await readSpans(store.findSpans({ page: { size: 1000 } })),
    services: await store.getServices(),
    operations: await store.getOperations({ service: "shop" }),
    dependencies: await store.getDependencies(wholeTime),
  };
}

/** Several traces of two services that call each other. */
const calls: readonly TestSpan[] = Array.from({ length: 12 }, (_, i) => ({
  trace: 1 + Math.floor(i / 3),
  id: 1 + (i % 3),
  ...(i % 3 === 0 ? {} : { parent: i % 3 }),
  service: i % 2 === 0 ? "shop" : "cart",
  name: `op${i % 4}`,
  at: i * 700,
}));

export function describeWriting(suite: Suite): void {
  suite.describe("replay", () => {
    suite.it("the same request again changes nothing", async (store) => {
      const encoded = encodeTraces(tracesOf(...calls));
      const once = await store.write(encoded);
      const before = await counts(store);
      for (let i = 0; i < 3; i++) assert.deepEqual(await store.write(encoded), once);
      assert.deepEqual(await counts(store), before);
    });
    suite.it("the same spans in other requests change nothing", async (store) => {
      await store.write(tracesOf(...calls));
      const before = await counts(store);
      for (const span of calls) await store.write(tracesOf(span));
      await store.write(tracesOf(...[...calls].reverse()));
      for (const size of [5, 7]) {
        for (let at = 0; at < calls.length; at += size)
          await store.write(tracesOf(...calls.slice(at, at + size)));
      }
      assert.deepEqual(await counts(store), before);
    });
    suite.it("replays at the same time change nothing", async (store) => {
      const all = encodeTraces(tracesOf(...calls));
      const results = await Promise.all([
        ...Array.from({ length: 10 }, () => store.write(all)),
        ...calls.map((span) => store.write(tracesOf(span))),
      ]);
      assert.deepEqual([...new Set(results.map(({ accepted }) => accepted))].sort(), [1, calls.length]);
      const other = openMemoryStore();
      await other.write(all);
      assert.deepEqual(await counts(store), await counts(other));
    });
    suite.it("a span twice in one request is one span", async (store) => {
      const [span] = calls as [TestSpan];
      assert.equal((await store.write(tracesOf(span, span))).accepted, 2);
      assert.equal((await readSpans(store.findSpans({}))).spans.length, 1);
      assert.equal((await readSummaries(store.findTraceSummaries({}))).summaries[0]?.spanCount, 1);
    });
    suite.it("different spans of one id all stay", async (store) => {
      const traces = tracesOf(
        { trace: 1, name: "a" },
        { trace: 1, name: "b" },
        { trace: 1, name: "a", duration: 2n },
      );
      await store.write(traces);
      assert.deepEqual(
        (await readTraces(store.getTraces([traceIdOf(1)]))).traces[0]?.spans,
        labelsOf(encodeTraces(traces)).sort(),
      );
    });
  });

  suite.describe("concurrency", () => {
    suite.it("all requests of many writers are stored", async (store) => {
      const requests = Array.from({ length: 60 }, (_, i) =>
        tracesOf(...calls.map((span): TestSpan => ({ ...span, trace: 1 + (i % 20), name: `op${i}` }))),
      );
      await Promise.all(requests.map((each) => store.write(each)));
      const expected = requests.flatMap((each) => labelsOf(encodeTraces(each))).sort();
      const { traces } = await readTraces(store.findTraces({}));
      assert.deepEqual(traces.flatMap(({ spans }) => spans).sort(), expected);
    });
    suite.it("a reader sees each request whole or not at all", async (store) => {
      const requests = Array.from({ length: 40 }, (_, i) =>
        tracesOf(...[1, 2, 3].map((id): TestSpan => ({ trace: i + 1, id, service: "shop", at: i }))),
      );
      let writing = true;
      const read = async (): Promise<void> => {
        let known = 0;
        do {
          const { summaries } = await readSummaries(store.findTraceSummaries({}));
          for (const { spanCount } of summaries) assert.equal(spanCount, 3, "a part of a request");
          assert.ok(summaries.length >= known, "what was there is gone");
          known = summaries.length;
          // Lets writes run, in case the store's reads never wait.
          await nextTurn();
        } while (writing);
      };
      const write = async (): Promise<void> => {
        for (const each of requests) await store.write(each);
        writing = false;
      };
      await Promise.all([write(), read(), read()]);
      assert.equal((await store.findTraceIds({})).traces.length, requests.length);
    });
    suite.it("a read that begins after a write has its spans", async (store) => {
      for (let i = 1; i <= 20; i++) {
        await store.write(tracesOf({ trace: i, service: `s${i}`, name: "op", at: i }));
        const [ids, services, operations] = await Promise.all([
          store.findTraceIds({ limit: 1 }),
          store.getServices(),
          store.getOperations({ service: `s${i}` }),
        ]);
        assert.equal(ids.traces[0]?.traceId, traceIdOf(i));
        assert.equal(services.length, i);
        assert.equal(operations.length, 1);
      }
    });
  });

  suite.describe("spans that reads could not give back", () => {
    suite.it("are rejected, and their neighbours are kept", async (store) => {
      for (const [i, [what, replace]] of Object.entries(spoilers).entries()) {
        const good = [1, 3].map((id): TestSpan => ({ trace: i + 1, id, service: "shop" }));
        const [first, last] = good as [TestSpan, TestSpan];
        const spoiled = { ...bad, service: "shop", attributes: { attribute: 1 } };
        const encoded = spliced(tracesOf(first, spoiled, last), { replace });
        const { accepted, rejected } = await store.write(encoded);
        const { traces } = await readTraces(store.getTraces([traceIdOf(i + 1)]));
        assert.deepEqual(traces[0]?.spans, labelsOf(encodeTraces(tracesOf(...good))).sort(), what);
        if (!suite.has("rejectedSpans")) continue;
        assert.equal(accepted, 2, what);
        assert.equal(rejected.length, 1, what);
        const [{ encoded: own, reason }] = rejected as [(typeof rejected)[number]];
        assert.ok(
          Buffer.from(encoded).includes(Buffer.from(own)),
          `${what}: the bytes are not the span's own`,
        );
        assert.ok(Buffer.from(own).includes(bad.name), `${what}: the bytes are another span's`);
        assert.ok(reason.length > 0, what);
      }
      const found = await store.findTraceIds({});
      assert.equal(found.traces.length, Object.keys(spoilers).length, "a rejected span has left a trace");
      assert.deepEqual(
        await store.getOperations({ service: "shop" }),
        [{ name: "op", spanKind: "" }],
        "a rejected span has left its name",
      );
    });
    suite.it("a request with only such spans succeeds", async (store) => {
      await store.write(spliced(tracesOf(bad), { replace: spoilers["no trace id"] as Replacement }));
      assert.deepEqual(await store.findTraceIds({}), { traces: [] });
      assert.deepEqual(await store.getServices(), []);
    });
  });
}

const bad = {
  trace: "b".repeat(32),
  id: 0xbad,
  parent: 0xdad,
  name: "spoiled span",
  links: [{ traceId: "c".repeat(32), spanId: "d".repeat(16) }],
} as const;

const hex = (digits: string): Uint8Array => Buffer.from(digits, "hex");
/** An encoded field of a message: tag, length, bytes. */
const field = (tag: number, digits: string): Uint8Array =>
  Uint8Array.of(tag, digits.length / 2, ...hex(digits));
const nothing = new Uint8Array(0);

/** Faults of the spoiled span: the content of a field, and the bytes that replace the field. */
const spoilers: Readonly<Record<string, Replacement>> = {
  "a trace id of 15 bytes": { content: hex(bad.trace), field: field(0x0a, "b".repeat(30)) },
  "a trace id of 17 bytes": { content: hex(bad.trace), field: field(0x0a, "b".repeat(34)) },
  "a trace id of 8 bytes": { content: hex(bad.trace), field: field(0x0a, "b".repeat(16)) },
  "a trace id of zeros": { content: hex(bad.trace), field: field(0x0a, "0".repeat(32)) },
  "no trace id": { content: hex(bad.trace), field: nothing },
  "a span id of 7 bytes": { content: hex(spanIdOf(bad.id)), field: field(0x12, "2".repeat(14)) },
  "a span id of 16 bytes": { content: hex(spanIdOf(bad.id)), field: field(0x12, "2".repeat(32)) },
  "a span id of zeros": { content: hex(spanIdOf(bad.id)), field: field(0x12, "0".repeat(16)) },
  "no span id": { content: hex(spanIdOf(bad.id)), field: nothing },
  "a parent id of 4 bytes": { content: hex(spanIdOf(bad.parent)), field: field(0x22, "77777777") },
  "a link's trace id of 3 bytes": { content: hex(bad.links[0].traceId), field: field(0x0a, "cccccc") },
  "a link's span id of 9 bytes": { content: hex(bad.links[0].spanId), field: field(0x12, "d".repeat(18)) },
  "a link's trace id that is a number": { content: hex(bad.links[0].traceId), field: Uint8Array.of(0x08, 1) },
  "a parent id that is a number": { content: hex(spanIdOf(bad.parent)), field: Uint8Array.of(0x20, 1) },
  "an attribute that is cut off": { content: Buffer.from("attribute"), field: Uint8Array.of(0x0a, 100, 1) },
};
