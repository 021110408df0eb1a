import { decodeTraces, type Span } from "@spanstore/core";
import { describe, expect, it } from "vitest";
import { spansOfDocuments } from "../src/documents/spans-of-documents.js";
import type { JaegerSpanDocument } from "../src/index.js";

const document: JaegerSpanDocument = {
  traceID: "00000000000000aa00000000000000bb",
  spanID: "00000000000000cc",
  operationName: "GET /",
  startTime: 1_800_000_000_123_456,
  duration: 1_500_001,
  process: { serviceName: "shop" },
};

interface Read extends Span {
  readonly resource: readonly { readonly key: string; readonly value: object }[];
}

/** The spans of documents, and the reasons of the unusable ones. */
function read(...documents: readonly JaegerSpanDocument[]): {
  spans: readonly Read[];
  reasons: readonly string[];
} {
  const found = documents.map((source, i) => ({ index: "i", id: String(i), source }));
  const { encoded, unusable } = spansOfDocuments(found, "@");
  const spans = decodeTraces(encoded).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map((span) => ({ ...span, resource: resource?.attributes ?? [] })),
    ),
  );
  return { spans, reasons: unusable.map(({ reason }) => reason) };
}

/** The attributes of the span of a document with these tags. */
function attributesOf(tags: JaegerSpanDocument["tags"], tag: JaegerSpanDocument["tag"] = null): object {
  const { spans, reasons } = read({ ...document, tags: tags ?? null, tag });
  expect(reasons).toEqual([]);
  return Object.fromEntries((spans[0]?.attributes ?? []).map(({ key, value }) => [key, value]));
}

describe("a document of Jaeger's", () => {
  it("is a span in microseconds", () => {
    const { spans, reasons } = read(document);
    expect(reasons).toEqual([]);
    expect(spans).toMatchObject([
      {
        traceId: "00000000000000aa00000000000000bb",
        spanId: "00000000000000cc",
        parentSpanId: "",
        name: "GET /",
        startTimeUnixNano: 1_800_000_000_123_456_000n,
        endTimeUnixNano: 1_800_000_001_623_457_000n,
        flags: 0,
        resource: [{ key: "service.name", value: { stringValue: "shop" } }],
      },
    ]);
  });

  it("has tags of every type in a list, as values and as the strings they once were", () => {
    const int = { key: "int", type: "int64" };
    expect(
      attributesOf([
        { key: "text", type: "string", value: "42" },
        { ...int, value: 42 },
        { ...int, key: "old int", value: "-42" },
        { ...int, key: "long", value: 9_007_199_254_740_993n },
        { ...int, key: "old long", value: "9007199254740993" },
        { key: "half", type: "float64", value: 0.5 },
        { key: "whole", type: "float64", value: 2 },
        { key: "old float", type: "float64", value: "1e300" },
        { key: "yes", type: "bool", value: true },
        { key: "old no", type: "bool", value: "false" },
        { key: "bytes", type: "binary", value: "00ff" },
      ]),
    ).toEqual({
      text: { stringValue: "42" },
      int: { intValue: 42n },
      "old int": { intValue: -42n },
      long: { intValue: 9_007_199_254_740_993n },
      "old long": { intValue: 9_007_199_254_740_993n },
      half: { doubleValue: 0.5 },
      whole: { doubleValue: 2 },
      "old float": { doubleValue: 1e300 },
      yes: { boolValue: true },
      "old no": { boolValue: false },
      bytes: { bytesValue: Uint8Array.of(0, 255) },
    });
  });

  it("has tags as fields, with their JSON types and their dots", () => {
    const tag = { "http@url": "/", "http@status": 200, ratio: 0.5, long: 9_007_199_254_740_993n, ok: true };
    expect(attributesOf([{ key: "listed", type: "string", value: "x" }], tag)).toEqual({
      listed: { stringValue: "x" },
      "http.url": { stringValue: "/" },
      "http.status": { intValue: 200n },
      ratio: { doubleValue: 0.5 },
      long: { intValue: 9_007_199_254_740_993n },
      ok: { boolValue: true },
    });
  });

  it("keeps values that do not fit their type as text", () => {
    expect(
      attributesOf(
        [
          { key: "int", type: "int64", value: "many" },
          { key: "half", type: "int64", value: 0.5 },
          { key: "bool", type: "bool", value: "maybe" },
          { key: "bytes", type: "binary", value: "no hex" },
          { key: "list", type: "string", value: [1, 2n ** 60n] },
          { key: "new", type: "int128", value: 7 },
        ],
        { object: { a: 1 } },
      ),
    ).toEqual({
      int: { stringValue: "many" },
      half: { stringValue: "0.5" },
      bool: { stringValue: "maybe" },
      bytes: { stringValue: "no hex" },
      list: { stringValue: '[1,"1152921504606846976"]' },
      new: { stringValue: "7" },
      object: { stringValue: '{"a":1}' },
    });
  });

  it("has null as the zero value of its type, like an absent value", () => {
    expect(
      attributesOf(
        [
          { key: "int", type: "int64", value: null },
          { key: "half", type: "float64", value: null },
          { key: "bool", type: "bool", value: null },
          { key: "bytes", type: "binary", value: null },
          { key: "text", type: "string", value: null },
          { key: "untyped", value: null },
          { key: "absent", type: "int64" },
        ],
        { field: null },
      ),
    ).toEqual({
      int: { intValue: 0n },
      half: { doubleValue: 0 },
      bool: { boolValue: false },
      bytes: { bytesValue: new Uint8Array(0) },
      text: { stringValue: "" },
      untyped: { stringValue: "" },
      absent: { intValue: 0n },
      field: { stringValue: "" },
    });
  });

  it("has durations in whole microseconds, and its start where Elasticsearch finds it", () => {
    const { spans } = read({
      ...document,
      startTime: 1_500_000_000_000_000.5,
      duration: 1000.9999999999999,
    });
    expect(spans).toMatchObject([
      { startTimeUnixNano: 1_500_000_000_000_000_000n, endTimeUnixNano: 1_500_000_000_001_001_000n },
    ]);
  });

  it("has ids without leading zeros, like those of older Jaeger versions", () => {
    const { spans } = read({ ...document, traceID: "AA00000000000000bb", spanID: "cc" });
    expect(spans).toMatchObject([
      { traceId: "00000000000000aa00000000000000bb", spanId: "00000000000000cc" },
    ]);
  });

  it.each<[string, JaegerSpanDocument, string, readonly string[]]>([
    [
      "its first CHILD_OF",
      { references: [ref("FOLLOWS_FROM", 1), ref("CHILD_OF", 2), ref("CHILD_OF", 3)] },
      "2",
      ["1", "3"],
    ],
    [
      "its first FOLLOWS_FROM when there is no CHILD_OF",
      { references: [ref("FOLLOWS_FROM", 1)] },
      "1",
      ["1"],
    ],
    ["the one that names no trace", { references: [{ refType: "CHILD_OF", spanID: "4" }] }, "4", []],
    ["the one of a zero trace", { references: [{ ...ref("CHILD_OF", 4), traceID: "00" }] }, "4", []],
    ["none of another trace", { references: [{ ...ref("CHILD_OF", 1), traceID: "dd" }] }, "", ["1"]],
    ["the parentSpanID", { parentSpanID: "7" }, "7", []],
    [
      "the parentSpanID, with any references",
      { parentSpanID: "3", references: [ref("CHILD_OF", 2), ref("CHILD_OF", 3)] },
      "3",
      ["2"],
    ],
    [
      "the parentSpanID, and a link too",
      { parentSpanID: "1", references: [ref("FOLLOWS_FROM", 1)] },
      "1",
      ["1"],
    ],
    ["none when that is zero", { parentSpanID: "0", references: [ref("FOLLOWS_FROM", 1)] }, "1", ["1"]],
  ])("has as its parent %s", (_, more, parent, links) => {
    const { spans, reasons } = read({ ...document, ...more });
    expect(reasons).toEqual([]);
    const id = (digit: string): string => (digit === "" ? "" : digit.padStart(16, "0"));
    expect(spans[0]?.parentSpanId).toBe(id(parent));
    expect(spans[0]?.links?.map(({ spanId }) => spanId)).toEqual(links.map(id));
  });

  it("has its flags in OTLP's own field", () => {
    expect(read({ ...document, flags: 0x301 }).spans).toMatchObject([{ flags: 0x301 }]);
  });

  it.each<[string, object]>([
    ['traceID: "xyz" instead of 1 to 32 hex digits', { traceID: "xyz" }],
    ["traceID: nothing instead of 1 to 32 hex digits", { traceID: undefined }],
    ["spanID: null instead of 1 to 16 hex digits", { spanID: null }],
    ['spanID: "0000" instead of an id that is not all zeros', { spanID: "0000" }],
    [
      'references[1].spanID: "?" instead of 1 to 16 hex digits',
      { references: [ref("CHILD_OF", 1), { refType: "CHILD_OF", spanID: "?" }] },
    ],
    ['startTime: "yesterday" instead of a number of microseconds', { startTime: "yesterday" }],
    ["startTime: nothing instead of microseconds since 1970", { startTime: undefined }],
    [
      "startTime: 9223372036854776 instead of microseconds of which 64 bits hold the nanoseconds",
      { startTime: 9_223_372_036_854_776n },
    ],
    ["duration: -1 instead of microseconds from 0 on", { duration: -1 }],
    ["operationName: 7 instead of a string", { operationName: 7 }],
    ["flags: 4294967296 instead of a whole number of 32 bits", { flags: 4_294_967_296 }],
    ["tags: an object instead of a list", { tags: {} }],
    ["tag: a list instead of an object", { tag: [] }],
    ["process: a list instead of an object", { process: [] }],
    ["logs[0].fields[0]: null instead of an object", { logs: [{ timestamp: 1, fields: [null] }] }],
  ])("is no span when %s, and its neighbours are", (reason, wrong) => {
    const { spans, reasons } = read(document, { ...document, ...wrong } as JaegerSpanDocument, document);
    expect(reasons).toEqual([reason]);
    expect(spans.length).toBe(2);
  });
});

function ref(refType: string, span: number) {
  return { refType, traceID: document.traceID ?? "", spanID: String(span).padStart(16, "0") };
}
