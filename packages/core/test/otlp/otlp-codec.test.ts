import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSpanStoreError, type SpanStoreError } from "../../src/errors/errors.js";
import type { AnyValue } from "../../src/model/any-value.js";
import type { ResourceSpans, Span, TracesData } from "../../src/model/trace.js";
import { decodeTraces } from "../../src/otlp/decode.js";
import { encodeTraces } from "../../src/otlp/encode.js";
import { spansOf } from "../../src/otlp/groups.js";
import { tracesFromJson } from "../../src/otlp/json/json.js";
import { partsOfJson } from "../../src/otlp/json/json-parts.js";
import { tracesToJson } from "../../src/otlp/json/to-json.js";
import { tracesData } from "../../src/testing/arbitrary-otlp.js";

interface Vector {
  readonly name: string;
  /** The message in base64 from Go's collector (pdata). */
  readonly pdata: string;
  /** The same message in base64 from Go's protobuf library. */
  readonly canonical: string;
  /** The message from pdata's JSON marshaler. */
  readonly json: unknown;
}

const vectors = JSON.parse(
  readFileSync(new URL("../data/otlp-vectors.json", import.meta.url), "utf8"),
) as readonly Vector[];

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

const validSpan: Span = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  name: "op",
  startTimeUnixNano: 1n,
  endTimeUnixNano: 2n,
};

function withSpan(span: Partial<Record<keyof Span, unknown>>): TracesData {
  const spans = [validSpan, { ...validSpan, ...span } as Span];
  return { resourceSpans: [{ scopeSpans: [{ spans: [validSpan] }, { spans }] }] };
}

function thrownBy(run: () => unknown): SpanStoreError {
  try {
    run();
  } catch (error) {
    if (isSpanStoreError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** A value nested in `lists` lists. */
function nested(lists: number): AnyValue {
  let value: AnyValue = { boolValue: true };
  for (let i = 0; i < lists; i++) value = { arrayValue: { values: [value] } };
  return value;
}

describe("messages from Go", () => {
  it.each(vectors)("$name: protobuf and JSON are the same traces", ({ pdata, canonical, json }) => {
    const traces = decodeTraces(fromBase64(pdata));
    expect(decodeTraces(fromBase64(canonical))).toEqual(traces);
    expect(Buffer.from(encodeTraces(traces)).toString("base64")).toBe(canonical);
    expect(tracesFromJson(json)).toEqual(traces);
  });
});

describe("round trips", () => {
  it("returns the same traces through protobuf", () => {
    fc.assert(
      fc.property(tracesData, (traces) => {
        const encoded = encodeTraces(traces);
        expect(decodeTraces(encoded)).toEqual(traces);
        expect(encodeTraces(decodeTraces(encoded))).toEqual(encoded);
      }),
    );
  });

  it("returns the same traces through JSON text", () => {
    fc.assert(
      fc.property(tracesData, (traces) => {
        const text = JSON.stringify(tracesToJson(traces));
        expect(tracesFromJson(JSON.parse(text))).toEqual(traces);
      }),
    );
  });

  it("grows with the bytes written", () => {
    const name = "ü".repeat(3_000_000);
    const spans = Array.from({ length: 2000 }, () => ({
      ...validSpan,
      attributes: [{ key: "k", value: {} }],
    }));
    const traces = { resourceSpans: [{ scopeSpans: [{ spans: [...spans, { ...validSpan, name }] }] }] };
    const decoded = decodeTraces(encodeTraces(traces)).resourceSpans[0]?.scopeSpans[0]?.spans;
    expect(decoded).toHaveLength(2001);
    expect(decoded?.[2000]?.name).toBe(name);
    expect(decoded?.[1999]).toMatchObject(spans[1999] as Span);
  });

  it("writes the replacement character for half of a surrogate pair", () => {
    const decoded = decodeTraces(encodeTraces(withSpan({ name: "a\ud800b" })));
    expect(decoded.resourceSpans[0]?.scopeSpans[1]?.spans[1]?.name).toBe("a\ufffdb");
  });
});

describe("encodeTraces refuses", () => {
  const span = "resourceSpans[0].scopeSpans[1].spans[1]";
  it.each<[string, Partial<Record<keyof Span, unknown>>, string]>([
    ["a short trace id", { traceId: "abc" }, "traceId"],
    ["an empty trace id", { traceId: "" }, "traceId"],
    ["an id that is no hex", { spanId: "b7ad6b716920333g" }, "spanId"],
    ["a long parent id", { parentSpanId: "b7ad6b71692033310" }, "parentSpanId"],
    ["a negative time", { startTimeUnixNano: -1n }, "startTimeUnixNano"],
    ["a time of 65 bits", { endTimeUnixNano: 1n << 64n }, "endTimeUnixNano"],
    ["a time that is a number", { endTimeUnixNano: 12 }, "endTimeUnixNano"],
    ["a count of 33 bits", { droppedLinksCount: 2 ** 32 }, "droppedLinksCount"],
    ["flags with a fraction", { flags: 1.5 }, "flags"],
    ["a kind that is a word", { kind: "server" }, "kind"],
    ["a name that is a number", { name: 7 }, "name"],
    ["a status code of 33 bits", { status: { code: 2 ** 31 } }, "status.code"],
    [
      "an id in a link",
      {
        links: [
          { traceId: "", spanId: "" },
          { traceId: "xx", spanId: "" },
        ],
      },
      "links[1].traceId",
    ],
    [
      "an int of 65 bits in an event",
      {
        events: [{ timeUnixNano: 0n, name: "", attributes: [{ key: "k", value: { intValue: 1n << 63n } }] }],
      },
      "events[0].attributes[0].value.intValue",
    ],
    [
      "an int in a map in a list",
      {
        attributes: [
          {
            key: "k",
            value: {
              arrayValue: {
                values: [{}, { kvlistValue: { values: [{ key: "", value: { intValue: 1 } }] } }],
              },
            },
          },
        ],
      },
      "attributes[0].value.arrayValue.values[1].kvlistValue.values[0].value.intValue",
    ],
  ])("%s", (_, broken, field) => {
    const error = thrownBy(() => encodeTraces(withSpan(broken)));
    expect(error.code).toBe("INVALID_TRACES");
    expect(error.field).toBe(`${span}.${field}`);
    expect(error.message).toContain(`${span}.${field}: `);
  });

  it("values nested deeper than the decoder reads, and only those", () => {
    const withValue = (value: AnyValue): TracesData => withSpan({ attributes: [{ key: "k", value }] });
    const deepest = withValue(nested(63));
    const decoded = decodeTraces(encodeTraces(deepest));
    expect(decoded.resourceSpans[0]?.scopeSpans[1]?.spans[1]?.attributes).toEqual(
      deepest.resourceSpans[0]?.scopeSpans[1]?.spans[1]?.attributes,
    );
    expect(tracesFromJson(tracesToJson(deepest))).toEqual(decoded);
    expect(thrownBy(() => encodeTraces(withValue(nested(64)))).message).toContain("nested deeper");
    expect(thrownBy(() => tracesFromJson(tracesToJson(withValue(nested(64))))).message).toContain(
      "nested deeper",
    );
  });
});

describe("decodeTraces", () => {
  it("drops unknown fields, and takes the last of a repeated field", () => {
    const name = (text: string): number[] => [0x2a, text.length, ...Buffer.from(text)];
    const unknown = [0xf8, 0x07, 1];
    const span = [...name("first"), ...unknown, ...name("last"), 0x7a, 2, 0x18, 2, 0x7a, 3, 0x12, 1, 0x6d];
    const scopeSpans = [0x12, span.length, ...span, ...unknown];
    const resourceSpans = [0x12, scopeSpans.length, ...scopeSpans, ...unknown];
    const traces = decodeTraces(new Uint8Array([...unknown, 0x0a, resourceSpans.length, ...resourceSpans]));
    const decoded = traces.resourceSpans[0]?.scopeSpans[0]?.spans[0];
    expect(decoded?.name).toBe("last");
    expect(decoded?.status).toEqual({ message: "m", code: 2 });
  });

  it("throws nothing but INVALID_TRACES, whatever the bytes", () => {
    const valid = fc.oneof(
      tracesData.map(encodeTraces),
      fc.constantFrom(...vectors.map(({ pdata }) => fromBase64(pdata))),
    );
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      remove: fc.nat(3),
      insert: fc.uint8Array({ maxLength: 4 }),
    });
    const mutated = fc.tuple(valid, fc.array(edit, { minLength: 1, maxLength: 4 })).map(([bytes, edits]) => {
      const list = [...bytes];
      for (const { at, remove, insert } of edits)
        list.splice(Math.floor(at * list.length), remove, ...insert);
      return new Uint8Array(list);
    });
    let refused = 0;
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (bytes) => {
        try {
          decodeTraces(bytes);
          taken++;
        } catch (error) {
          if (!isSpanStoreError(error) || error.code !== "INVALID_TRACES") throw error;
          refused++;
        }
      }),
      { numRuns: 1000 },
    );
    expect(Math.min(taken, refused)).toBeGreaterThan(20);
  });
});

it("reads the scopes of OTLP 0.15 to 0.18 in the absence of today's", () => {
  const text = (tag: number[], content: Uint8Array): Buffer =>
    Buffer.concat([Uint8Array.from(tag), Uint8Array.of(content.length), content]);
  const scope = (name: string): Buffer => text([0x12], text([0x2a], Buffer.from(name)));
  const old = text([0xc2, 0x3e], scope("old"));
  const today = text([0x12], scope("new"));
  const names = (content: Uint8Array): unknown[] => {
    const encoded = text([0x0a], content);
    const decoded = decodeTraces(encoded).resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)),
    );
    expect([...spansOf(encoded)].map((span) => span.name)).toEqual(decoded);
    return decoded;
  };
  expect(names(old)).toEqual(["old"]);
  expect(names(Buffer.concat([old, today]))).toEqual(["new"]);
  expect(names(Buffer.concat([old, old]))).toEqual(["old", "old"]);
});

describe("partsOfJson", () => {
  it("returns the same spans as a read of the whole", () => {
    fc.assert(
      fc.property(tracesData, fc.integer({ min: 1, max: 3 }), (traces, together) => {
        const whole = tracesToJson(traces) as { resourceSpans: object[] };
        const parts = whole.resourceSpans.flatMap((json, i) => [
          ...partsOfJson(json, { path: `resourceSpans[${i}]`, together }),
        ]);
        const spansIn = (all: readonly ResourceSpans[]): unknown[] =>
          all.flatMap(({ scopeSpans, ...resource }) =>
            scopeSpans.flatMap(({ spans, ...scope }) => spans.map((span) => ({ resource, scope, span }))),
          );
        const found = parts.map((part) => {
          if ("error" in part) throw part.error;
          expect(part.spans).toBeLessThanOrEqual(together);
          return part.resourceSpans;
        });
        expect(spansIn(found)).toEqual(spansIn(tracesFromJson(whole).resourceSpans));
      }),
    );
  });

  it("names each wrong span by its path, reports unknown names, and returns the other spans", () => {
    const unknown: string[] = [];
    const span = (name: string, more: object = {}): object => ({ name, ...more });
    const json = {
      resource: { attributes: [], colour: 1 },
      scopeSpans: [
        { spans: [span("a"), span("b", { traceId: "xyz" }), span("c"), span("d", { kind: [], foo: null })] },
        { scope: [], spans: [span("e"), span("f")] },
        { spans: [span("g", { links: [{}, { weight: 7 }] })] },
      ],
    };
    const found = [
      ...partsOfJson(json, { path: "data[2]", together: 2, unknown: (...it) => unknown.push(it.join(".")) }),
    ];
    expect(
      found.map((part) =>
        "error" in part
          ? [part.error.message, part.spans]
          : part.resourceSpans.scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)),
      ),
    ).toEqual([
      ['data[2].scopeSpans[0].spans[1].traceId: "xyz" is not 32 hex digits', 1],
      ["a", "c"],
      ["data[2].scopeSpans[0].spans[3].kind: a list is no 32-bit integer", 1],
      ["data[2].scopeSpans[1].scope: a list instead of an object", 2],
      ["g"],
    ]);
    expect(unknown).toEqual(["resource.colour", "link.weight"]);
    const messages = [json, 7].flatMap((each) =>
      [...partsOfJson(each, { path: "", together: 9 })].flatMap((part) =>
        "error" in part ? [part.error.message] : [],
      ),
    );
    expect([messages[0], messages.at(-1)]).toEqual([
      'scopeSpans[0].spans[1].traceId: "xyz" is not 32 hex digits',
      "7 instead of an object",
    ]);
  });
});

describe("tracesFromJson", () => {
  const inSpan = (span: object): unknown => ({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  const spanOf = (json: unknown): Span | undefined =>
    tracesFromJson(json).resourceSpans[0]?.scopeSpans[0]?.spans[0];

  it("reads the shape of the OTLP specification's example, with every leniency it allows", () => {
    const span = spanOf(
      inSpan({
        traceId: "5B8EFFF798038103D269B633813FC60C",
        spanId: "eee19b7ec3c1b174",
        parentSpanId: null,
        kind: "SPAN_KIND_SERVER",
        startTimeUnixNano: "1544712660000000000",
        endTimeUnixNano: 5,
        unheardOf: { of: [1] },
        status: { code: "STATUS_CODE_ERROR" },
        attributes: [
          { key: "n", value: { intValue: 7 } },
          { key: "b", value: { bytesValue: "-_8" } },
          { key: "d", value: { doubleValue: "-2.5e3" } },
          { key: "long", value: { intValue: 9_007_199_254_740_993n } },
          { key: "none" },
          { key: "null", value: { stringValue: null } },
        ],
      }),
    );
    expect(span).toMatchObject({
      traceId: "5b8efff798038103d269b633813fc60c",
      parentSpanId: "",
      kind: 2,
      startTimeUnixNano: 1544712660000000000n,
      endTimeUnixNano: 5n,
      status: { message: "", code: 2 },
      attributes: [
        { key: "n", value: { intValue: 7n } },
        { key: "b", value: { bytesValue: new Uint8Array([0xfb, 0xff]) } },
        { key: "d", value: { doubleValue: -2500 } },
        { key: "long", value: { intValue: 9_007_199_254_740_993n } },
        { key: "none", value: {} },
        { key: "null", value: {} },
      ],
    });
  });

  it.each<[string, object, string]>([
    ["an id that is neither hex nor base64", { traceId: "W47/95gDgQPSabYzgT/GDA=" }, "traceId"],
    ["a base64 id of another size", { traceId: "W47/95gDgQM=" }, "traceId"],
    ["a span id of 128 bits", { spanId: "5B8EFFF798038103D269B633813FC60C" }, "spanId"],
    ["a name of protobuf's definition", { parent_span_id: "12" }, "parent_span_id"],
    [
      "a number beyond the largest double",
      { attributes: [{ value: { doubleValue: "1e999" } }] },
      "attributes[0].value.doubleValue",
    ],
    ["a number JSON.parse has rounded", { startTimeUnixNano: 1544712660000000000 }, "startTimeUnixNano"],
    ["a time of 65 bits", { startTimeUnixNano: "18446744073709551616" }, "startTimeUnixNano"],
    ["a number that is no number", { endTimeUnixNano: "0x10" }, "endTimeUnixNano"],
    ["an unknown kind", { kind: "SERVANT" }, "kind"],
    ["a list that is an object", { events: {} }, "events"],
    ["an item that is a number", { events: [{}, 5] }, "events[1]"],
    ["a status that is a list", { status: [] }, "status"],
    [
      "bytes that are no base64",
      { attributes: [{ value: { bytesValue: "a" } }] },
      "attributes[0].value.bytesValue",
    ],
    [
      "two values in one",
      { attributes: [{ value: { intValue: 1, boolValue: true } }] },
      "attributes[0].value",
    ],
    [
      "a value deep inside",
      { attributes: [{ value: { kvlistValue: { values: [{}, { value: { boolValue: "yes" } }] } } }] },
      "attributes[0].value.kvlistValue.values[1].value.boolValue",
    ],
  ])("refuses %s and says where", (_, span, field) => {
    const error = thrownBy(() => tracesFromJson(inSpan(span)));
    expect(error.code).toBe("INVALID_TRACES");
    expect(error.field).toBe(`resourceSpans[0].scopeSpans[0].spans[0].${field}`);
  });

  it("reads every unambiguous spelling", () => {
    const usual = tracesFromJson({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
          scopeSpans: [
            {
              scope: { name: "lib" },
              schemaUrl: "x",
              spans: [
                {
                  traceId: "5b8efff798038103d269b633813fc60c",
                  spanId: "eee19b7ec3c1b174",
                  kind: 2,
                  startTimeUnixNano: "1544712660000000000",
                  droppedEventsCount: 3,
                  attributes: [{ key: "l", value: { arrayValue: { values: [{ intValue: 1 }] } } }],
                  status: { code: 2 },
                },
              ],
            },
          ],
        },
      ],
    });
    const other = {
      resource_spans: [
        {
          resource: { attributes: [{ key: "service.name", value: { string_value: "shop" } }] },
          scope_spans: [],
          instrumentation_library_spans: [
            {
              instrumentation_library: { name: "lib" },
              schema_url: "x",
              spans: [
                {
                  trace_id: "W47/95gDgQPSabYzgT/GDA==",
                  span_id: "7uGbfsPBsXQ",
                  kind: "Server",
                  start_time_unix_nano: "1544712660000000000",
                  dropped_events_count: 3,
                  attributes: [{ key: "l", value: { array_value: { values: [{ int_value: "1" }] } } }],
                  status: { code: "ERROR" },
                },
              ],
            },
          ],
        },
      ],
    };
    expect(tracesFromJson(other)).toEqual(usual);
    const span = (change: object): unknown => ({ resourceSpans: [{ scopeSpans: [{ spans: [change] }] }] });
    expect(tracesFromJson(span({ kind: "3", traceId: "EEE19b7ec3c1b174" }))).toMatchObject(
      tracesFromJson(span({ kind: 3, traceId: "0000000000000000eee19b7ec3c1b174" })),
    );
  });

  it("ignores the old name of scopes when the new one is present, as OTLP demands", () => {
    const spans = (name: string): object[] => [{ spans: [{ name }] }];
    const both = { scopeSpans: spans("new"), instrumentationLibrarySpans: spans("old") };
    expect(tracesFromJson({ resourceSpans: [both] }).resourceSpans[0]?.scopeSpans).toMatchObject(
      spans("new"),
    );
  });

  it("throws nothing but INVALID_TRACES, whatever the JSON", () => {
    const names = fc.constantFrom(
      "resourceSpans",
      "scopeSpans",
      "spans",
      "attributes",
      "value",
      "status",
      "traceId",
    );
    const { node } = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: "medium" },
        fc.jsonValue(),
        fc.dictionary(names, tie("node"), { maxKeys: 4 }),
        fc.array(tie("node"), { maxLength: 3 }),
      ),
    }));
    fc.assert(
      fc.property(node, (json) => {
        for (const part of partsOfJson(json, { path: "x", together: 2 })) {
          if ("error" in part) expect(part.error.code).toBe("INVALID_TRACES");
        }
        try {
          tracesFromJson(json);
        } catch (error) {
          if (!isSpanStoreError(error) || error.code !== "INVALID_TRACES") throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
