import assert from "node:assert/strict";
import fc from "fast-check";
import type { AnyValue } from "../../model/any-value.js";
import type { ResourceSpans, Span, TracesData } from "../../model/trace.js";
import { decodeTraces } from "../../otlp/decode.js";
import { encodeTraces } from "../../otlp/encode.js";
import type { SpanStore } from "../../store/contract/span-store.js";
import { pageOf } from "../answers.js";
import { tracesData } from "../arbitrary-otlp.js";
import { contentsOf, readSpans, readTraces, walkPages } from "../contents.js";
import { randomness, type Suite } from "../harness.js";
import { spliced } from "../raw-otlp.js";
import { baseTime, spanIdOf, traceIdOf } from "../spans.js";

/** Values of every type, with edge cases. */
const values: Readonly<Record<string, AnyValue>> = {
  empty: {},
  "empty text": { stringValue: "" },
  NUL: { stringValue: "a\0b\0" },
  "text beyond the BMP": { stringValue: "\u{1f600}\ufeff\u{10ffff}" },
  "long text": { stringValue: "x".repeat(100_000) },
  true: { boolValue: true },
  false: { boolValue: false },
  zero: { intValue: 0n },
  "smallest int": { intValue: -(1n << 63n) },
  "largest int": { intValue: (1n << 63n) - 1n },
  "an int no double holds": { intValue: 9007199254740993n },
  NaN: { doubleValue: Number.NaN },
  "negative zero": { doubleValue: -0 },
  infinity: { doubleValue: Number.NEGATIVE_INFINITY },
  "smallest double": { doubleValue: 5e-324 },
  "no bytes": { bytesValue: new Uint8Array(0) },
  "bytes that are no UTF-8": { bytesValue: Uint8Array.from({ length: 256 }, (_, i) => i) },
  "an empty list": { arrayValue: { values: [] } },
  "lists in lists": { arrayValue: { values: [{ arrayValue: { values: [{}, { intValue: 1n }] } }, {}] } },
  "an empty map": { kvlistValue: { values: [] } },
  "a map with a key twice": {
    kvlistValue: {
      values: [
        { key: "", value: { stringValue: "first" } },
        { key: "", value: { kvlistValue: { values: [{ key: "\0", value: {} }] } } },
      ],
    },
  },
};

const plain: Span = {
  traceId: traceIdOf(1),
  spanId: spanIdOf(1),
  name: "op",
  startTimeUnixNano: baseTime,
  endTimeUnixNano: baseTime,
};

function inResource(...spans: readonly Span[]): TracesData {
  return { resourceSpans: [{ scopeSpans: [{ spans }] }] };
}

export function describeLosslessness(suite: Suite): void {
  const keeps = (what: string, write: () => TracesData | Uint8Array): void => {
    suite.it(`${what} comes back byte for byte`, async (store) => {
      const traces = write();
      const encoded = traces instanceof Uint8Array ? traces : encodeTraces(traces);
      await store.write(encoded);
      await assertKept(store, encoded);
    });
  };

  keeps("every type of value, at every level", () => {
    const attributes = [...Object.entries(values), ...Object.entries(values)].map(([key, value]) => ({
      key,
      value,
    }));
    const span: Span = {
      ...plain,
      attributes,
      events: [{ timeUnixNano: 0n, name: "", attributes }],
      links: [{ traceId: "", spanId: "", attributes }],
    };
    return {
      resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: { attributes }, spans: [span] }] }],
    };
  });
  keeps("every field", () => everyField);
  keeps("a field of every level that OTLP does not know", () => spliced(everyField, { unknownFields: true }));
  keeps("text that is no UTF-8", () => spliced(everyField, { invalidText: true }));
  keeps("an explicit zero", () => spliced(everyField, { explicitZeros: true }));
  keeps("a span of 4 MiB", () =>
    inResource({ ...plain, attributes: [{ key: "k", value: { stringValue: "x".repeat(4 * 1024 * 1024) } }] }),
  );
  keeps("an empty resource beside none", () => ({
    resourceSpans: [
      { scopeSpans: [{ spans: [plain] }] },
      { resource: { attributes: [] }, scopeSpans: [{ spans: [plain], scope: {} }] },
    ],
  }));

  suite.it("values nested 60 deep come back", async (store) => {
    const deep = inResource({ ...plain, attributes: [{ key: "k", value: nested(60) }] });
    await store.write(deep);
    await assertKept(store, encodeTraces(deep));
  });

  suite.it("spans that differ only in resource or scope are different", async (store) => {
    const variants: ResourceSpans[] = [
      { scopeSpans: [{ spans: [plain] }] },
      { scopeSpans: [{ spans: [plain] }], schemaUrl: "urn:a" },
      { scopeSpans: [{ spans: [plain], schemaUrl: "urn:a" }] },
      { scopeSpans: [{ spans: [plain], scope: { name: "urn:a" } }] },
      { scopeSpans: [{ spans: [plain], scope: { version: "urn:a" } }] },
      { scopeSpans: [{ spans: [plain] }], resource: { attributes: [], droppedAttributesCount: 1 } },
    ];
    for (const each of variants) await store.write({ resourceSpans: [each] });
    await store.write({ resourceSpans: variants });
    await assertKept(store, encodeTraces({ resourceSpans: variants }));
  });

  suite.it("the model comes back unchanged", async (store) => {
    await store.write(everyField);
    for await (const { encoded } of store.getTraces([everySpan.traceId])) {
      assert.deepEqual(decodeTraces(encoded), decodeTraces(encodeTraces(everyField)));
    }
  });

  const { runs, seed } = randomness(suite.options);
  suite.it(`arbitrary OTLP comes back byte for byte: ${runs} cases, seed ${seed}`, async (store) => {
    const kept = createKept();
    await fc.assert(
      fc.asyncProperty(tracesData, fc.boolean(), async (traces, unknownFields) => {
        const encoded = spliced(traces, { unknownFields });
        const traceIds = kept.add(encoded);
        assert.deepEqual((await store.write(encoded)).rejected, []);
        await kept.checkTraces(store, traceIds);
      }),
      { numRuns: runs, seed },
    );
    await kept.checkSpans(store);
  });
}

/** Asserts that every read returns the written spans once, and no others of their traces. */
async function assertKept(store: SpanStore, encoded: Uint8Array): Promise<void> {
  const kept = createKept();
  await kept.checkTraces(store, kept.add(encoded));
  await kept.checkSpans(store);
}

const bytesOf = (encoded: Uint8Array): string[] => contentsOf(encoded).map(({ bytes }) => bytes);

/** Remembers the bytes of all written spans by trace and compares reads with them. */
function createKept() {
  const kept = new Map<string, Set<string>>();
  const sorted = (traceId: string): string[] => [...(kept.get(traceId) ?? [])].sort();
  return {
    /** @returns the trace ids of the added spans. */
    add: (encoded: Uint8Array): string[] => {
      const contents = contentsOf(encoded);
      for (const { traceId, bytes } of contents) {
        kept.set(traceId, (kept.get(traceId) ?? new Set()).add(bytes));
      }
      return [...new Set(contents.map(({ traceId }) => traceId))];
    },
    checkTraces: async (store: SpanStore, traceIds: readonly string[]): Promise<void> => {
      const { traces } = await readTraces(store.getTraces(traceIds), bytesOf);
      const expected = traceIds.map((traceId) => ({ traceId, spans: sorted(traceId), truncated: false }));
      assert.deepEqual(traces, expected);
    },
    checkSpans: async (store: SpanStore): Promise<void> => {
      const found = await walkPages(async (token) => {
        const page = await readSpans(store.findSpans({ page: pageOf(1000, token) }), bytesOf);
        return { items: page.spans, token: page.nextPageToken };
      });
      assert.deepEqual(found.sort(), [...kept.keys()].flatMap(sorted).sort());
    },
  };
}

function nested(depth: number): AnyValue {
  return depth === 0 ? { stringValue: "bottom" } : { arrayValue: { values: [nested(depth - 1)] } };
}

const key = [{ key: "k", value: { stringValue: "v" } }];
const everySpan: Span = {
  traceId: "0123456789abcdef0123456789abcdef",
  spanId: "0123456789abcdef",
  traceState: "vendor=a,other=b",
  parentSpanId: "fedcba9876543210",
  flags: 0xffff_ffff,
  name: "op",
  kind: 5,
  startTimeUnixNano: (1n << 64n) - 2n,
  endTimeUnixNano: (1n << 64n) - 1n,
  attributes: key,
  droppedAttributesCount: 0xffff_ffff,
  events: [{ timeUnixNano: (1n << 64n) - 1n, name: "event", attributes: key, droppedAttributesCount: 7 }],
  droppedEventsCount: 2,
  links: [
    {
      traceId: "f".repeat(32),
      spanId: "f".repeat(16),
      traceState: "a=b",
      attributes: key,
      droppedAttributesCount: 3,
      flags: 257,
    },
  ],
  droppedLinksCount: 4,
  status: { message: "bad", code: 2 },
};
const everyField: TracesData = {
  resourceSpans: [
    {
      resource: {
        attributes: [...key, { key: "service.name", value: { stringValue: "shop" } }],
        droppedAttributesCount: 5,
      },
      scopeSpans: [
        {
          scope: { name: "lib", version: "1.2", attributes: key, droppedAttributesCount: 6 },
          spans: [everySpan],
          schemaUrl: "urn:scope",
        },
      ],
      schemaUrl: "urn:resource",
    },
  ],
};
