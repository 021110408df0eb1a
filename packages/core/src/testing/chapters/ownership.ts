import assert from "node:assert/strict";
import { encodeTraces } from "../../otlp/encode.js";
import type { SpanStore } from "../../store/contract/span-store.js";
import { contentsOf } from "../contents.js";
import type { Suite } from "../harness.js";
import { traceIdOf, tracesOf } from "../spans.js";

const traces = 40;
const ids = Array.from({ length: traces }, (_, i) => traceIdOf(i + 1));

/** Writes small traces, which an engine may store together, some of them in two writes. */
async function fill(store: SpanStore): Promise<void> {
  for (const part of [1, 2]) {
    const spans = ids.map((_, i) => ({ trace: i + 1, id: part, service: `s${i % 3}`, at: i }));
    await store.write(tracesOf(...(part === 1 ? spans : spans.slice(0, 5))));
  }
}

/** With this read the engine chooses the span of a trace. */
const limited = "getTraces with a limit";

/** Every read that returns bytes. */
const reads: Readonly<Record<string, (store: SpanStore) => AsyncIterable<{ readonly encoded: Uint8Array }>>> =
  {
    "getTraces of one": (store) => store.getTraces([traceIdOf(20)]),
    "getTraces of one of two fragments": (store) => store.getTraces([traceIdOf(2)]),
    "getTraces of all": (store) => store.getTraces(ids),
    [limited]: (store) => store.getTraces(ids, { spanLimit: 1 }),
    findTraces: (store) => store.findTraces({ limit: traces }),
    findSpans: (store) => store.findSpans({}),
  };

async function spansOf(chunks: AsyncIterable<{ readonly encoded: Uint8Array }>): Promise<string[]> {
  const spans: string[] = [];
  for await (const { encoded } of chunks) spans.push(...contentsOf(encoded).map(({ bytes }) => bytes));
  return spans.sort();
}

export function describeOwnership({ it }: Suite): void {
  for (const [name, read] of Object.entries(reads)) {
    it(`${name}: the bytes are the caller's, to change and to transfer`, async (store) => {
      await fill(store);
      const all = new Set(await spansOf(store.getTraces(ids)));
      const answer = async (other: string, readOther: (typeof reads)[string]) => {
        const spans = await spansOf(readOther(store));
        return other === limited ? spans.map((span) => all.has(span)) : spans;
      };
      const before = new Map<string, unknown>();
      for (const [other, readOther] of Object.entries(reads))
        before.set(other, await answer(other, readOther));
      for (const take of [overwrite, transfer]) {
        for await (const chunk of read(store)) take(chunk.encoded);
        for (const [other, readOther] of Object.entries(reads)) {
          assert.deepEqual(await answer(other, readOther), before.get(other), `${other} after ${take.name}`);
        }
      }
    });
  }

  it("the bytes of a write belong to the caller again, and rejected spans are no views of them", async (store) => {
    const encoded = encodeTraces(tracesOf({ trace: 1, service: "shop" }, { trace: 1, id: 0, name: "bad" }));
    // A view into the middle of a buffer, like one from a pool.
    const pool = Buffer.alloc(encoded.length + 200, 0xaa);
    const view = pool.subarray(100, 100 + encoded.length);
    view.set(encoded);
    const { rejected } = await store.write(view);
    const reported = rejected.map((span) => Buffer.from(span.encoded).toString("hex"));
    pool.fill(0xff);
    const [kept] = contentsOf(encoded);
    assert.deepEqual(await spansOf(store.getTraces([traceIdOf(1)])), [kept?.bytes]);
    assert.deepEqual(
      rejected.map((span) => Buffer.from(span.encoded).toString("hex")),
      reported,
    );
  });

  it("lists are the caller's", async (store) => {
    await fill(store);
    const services = await store.getServices();
    const operations = await store.getOperations({ service: "s1" });
    const [before, named] = [structuredClone(services), structuredClone(operations)];
    services.length = 0;
    operations.push({ name: "none", spanKind: "" });
    assert.deepEqual(await store.getServices(), before);
    assert.deepEqual(await store.getOperations({ service: "s1" }), named);
  });
}

function overwrite(bytes: Uint8Array): void {
  bytes.fill(0);
}

function transfer(bytes: Uint8Array): void {
  structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
}
