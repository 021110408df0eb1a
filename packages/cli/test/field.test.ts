import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import zlib from "node:zlib";
import { decodeTraces, openMemoryStore, type Span, type SpanStoreError } from "@spanstore/core";
import { encodeTraces, tracesFromJson, tracesToJson } from "@spanstore/core/otlp";
import { tracesData } from "@spanstore/core/testing";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { importFile } from "../src/import/import-file.js";
import type { Note } from "../src/import/spans/read-spans.js";
import { cli } from "./cli.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-field-"));
afterAll(() => rmSync(folder, { recursive: true }));
const slow = { timeout: 120_000 };

let files = 0;
function fileOf(content: string | Uint8Array): string {
  const path = join(folder, String(++files));
  writeFileSync(path, content);
  return path;
}

const field = (name: string): string => fileURLToPath(new URL(`data/field/${name}`, import.meta.url));

interface Found {
  /** In the order of the file. */
  readonly spans: readonly (Span & { readonly service: string; readonly scope: string })[];
  readonly faults: readonly string[];
  readonly notes: readonly Note[];
}

/** The spans read from a file, with --continue. */
async function found(path: string): Promise<Found> {
  const spans: Found["spans"][number][] = [];
  const faults: string[] = [];
  const notes: Note[] = [];
  await importFile(path, {
    signal: new AbortController().signal,
    input: Readable.from([]),
    take: async (encoded, count) => {
      const before = spans.length;
      for (const { resource, scopeSpans } of decodeTraces(encoded).resourceSpans) {
        const named = resource?.attributes?.find(({ key }) => key === "service.name")?.value;
        const service = named !== undefined && "stringValue" in named ? named.stringValue : "";
        for (const { scope, spans: of } of scopeSpans) {
          spans.push(...of.map((span) => ({ ...span, service, scope: scope?.name ?? "" })));
        }
      }
      expect(spans.length - before).toBe(count);
    },
    progress: () => undefined,
    fault: (error: SpanStoreError) =>
      faults.push([error.message.replace(path, "FILE"), error.hint ?? []].flat().join("; ")),
    note: (note) => notes.push("text" in note ? { ...note, text: note.text.replace(path, "FILE") } : note),
  });
  return { spans, faults, notes };
}

const foundIn = (content: string | Uint8Array | object): Promise<Found> =>
  found(
    fileOf(typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content)),
  );

const clean = { faults: [], notes: [] };
const id = "a1b2c3d4e5f60718a1b2c3d4e5f60701";
const start = 1_700_000_000_000_000_000n;

describe("files as people had them", () => {
  it("01: Jaeger's spans without a trace id are of their trace", async () => {
    const { spans, ...rest } = await found(field("01-spans-without-traceID.json"));
    expect(rest).toEqual(clean);
    expect(spans).toMatchObject([
      { traceId: "0000000000000000a1b2c3d4e5f60718", service: "shop", parentSpanId: "" },
      {
        traceId: "0000000000000000a1b2c3d4e5f60718",
        service: "payment",
        parentSpanId: "0000000000000001",
        links: [],
      },
      { traceId: "0000000000000000b1b2c3d4e5f60718", service: "shop" },
    ]);
  });

  it("03a: OTLP of before 0.15", async () => {
    const { spans, ...rest } = await found(field("03a-instrumentationLibrarySpans.json"));
    expect(rest).toEqual(clean);
    expect(spans).toMatchObject([{ name: "checkout", service: "shop", scope: "lib", kind: 2 }]);
  });

  it("05: Grafana's durations are whole microseconds again", async () => {
    const { spans, ...rest } = await found(field("05-grafana-download-fractional-duration.json"));
    expect(rest).toEqual(clean);
    expect(spans.map((span) => span.endTimeUnixNano - span.startTimeUnixNano)).toEqual([
      9_000_000n,
      1_001_000n,
    ]);
  });

  it("06a: of gzip data that end early, what is whole", async () => {
    const { spans, faults } = await found(field("06a-cut.json.gz"));
    expect(spans.map(({ name }) => name)).toEqual(
      Array.from({ length: spans.length }, (_, i) => `op${i + 1}`),
    );
    expect(spans.length).toBeGreaterThan(5);
    expect(faults).toEqual(["FILE: its gzip data end early, at byte 1832; the file was cut off"]);
  });

  it("06c: reads gzip data with a wrong checksum to their end", async () => {
    const { spans, faults } = await found(field("06c-bad-crc.json.gz"));
    expect(spans.length).toBeGreaterThan(10);
    expect(faults).toEqual([
      "FILE: its gzip data are damaged at or before byte 3665: the checksum of what is in them is another",
    ]);
  });

  it("08a, 08c: null is the zero value of every type", async () => {
    const ratio = await found(field("08a-float64-null.json"));
    const others = await found(field("08c-int-and-string-null-are-taken.json"));
    expect([ratio, others]).toMatchObject([clean, clean]);
    expect(ratio.spans[0]?.attributes).toEqual([{ key: "ratio", value: { doubleValue: 0 } }]);
    expect(others.spans[0]?.attributes).toEqual([
      { key: "n", value: { intValue: 0n } },
      { key: "s", value: { stringValue: "" } },
    ]);
  });

  it("12: of three signals the traces, and the others are counted", async () => {
    const { spans, faults, notes } = await found(field("12-three-signals-in-one-file.jsonl"));
    expect(spans.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
      ["checkout", ""],
      ["charge", "0000000000000001"],
    ]);
    expect([faults, notes]).toEqual([
      [],
      [
        { kind: "signal", name: "resourceMetrics" },
        { kind: "signal", name: "resourceLogs" },
      ],
    ]);
  });

  it("13, 14: Tempo's answer, and the lines of Java's logging exporter", async () => {
    for (const [name, names] of [
      ["13-tempo-batches.json", ["op1"]],
      ["14-java-logging-exporter.jsonl", ["op1", "op2"]],
    ] as const) {
      const { spans, ...rest } = await found(field(name));
      expect(rest).toEqual(clean);
      expect(spans.map((span) => [span.name, span.service])).toEqual(names.map((each) => [each, "shop"]));
    }
  });

  it("16: of a key that is there several times all come back, and searches find the first", async () => {
    const path = field("16-duplicate-keys.json");
    const { spans, ...rest } = await found(path);
    expect(rest).toEqual(clean);
    expect(spans[0]?.attributes).toEqual([
      { key: "mode", value: { stringValue: "a" } },
      { key: "mode", value: { stringValue: "b" } },
      { key: "mode", value: { intValue: 7n } },
    ]);
    await using store = openMemoryStore();
    await store.write(tracesFromJson(JSON.parse(readFileSync(path, "utf8"))));
    const counts = ["a", "b", "7"].map(async (mode) => {
      const { traces } = await store.findTraceIds({ attributes: { mode } });
      return traces.length;
    });
    expect(await Promise.all(counts)).toEqual([1, 0, 0]);
  });
});

const span = (n: number, more: object = {}): object => ({
  traceId: id,
  spanId: n.toString(16).padStart(16, "0"),
  name: `op${n}`,
  kind: 2,
  startTimeUnixNano: String(start),
  endTimeUnixNano: String(start + 5_000_000n),
  ...more,
});
const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
const resourceSpans = (...spans: readonly object[]): object => ({ resource, scopeSpans: [{ spans }] });
const names = ({ spans }: Found): string[] => spans.map(({ name = "" }) => name);

describe("answers and exports of other programs", () => {
  it.each<[string, object | string, string[]]>([
    [
      "Jaeger's /api/v3",
      { result: { resourceSpans: [resourceSpans(span(1)), resourceSpans(span(2))] } },
      ["op1", "op2"],
    ],
    [
      "its stream of results, one behind the other",
      [1, 2].map((n) => JSON.stringify({ result: { resourceSpans: [resourceSpans(span(n))] } })).join(""),
      ["op1", "op2"],
    ],
    ["Tempo's /api/v2", { trace: { resourceSpans: [resourceSpans(span(1))] }, metrics: {} }, ["op1"]],
    ["Tempo's batches in a trace", { trace: { batches: [resourceSpans(span(1))] } }, ["op1"]],
    [
      "Tempo's ids in base64 and kinds by name",
      {
        batches: [
          resourceSpans(
            span(1, {
              traceId: "obLD1OX2BxihssPU5fYHAQ==",
              spanId: "AAAAAAAAAAE=",
              kind: "SPAN_KIND_SERVER",
            }),
          ),
        ],
      },
      ["op1"],
    ],
    [
      "names of protobuf's definition",
      { resource_spans: [{ resource, scope_spans: [{ spans: [span(1, { name: "x" })] }] }] },
      ["x"],
    ],
    [
      "a list of TracesData",
      [{ resourceSpans: [resourceSpans(span(1))] }, { resourceSpans: [resourceSpans(span(2))] }],
      ["op1", "op2"],
    ],
    ["a list of ResourceSpans", [resourceSpans(span(1)), resourceSpans(span(2))], ["op1", "op2"]],
    ["a ScopeSpans by itself", { scope: { name: "lib" }, spans: [span(1)] }, ["op1"]],
    [
      "lines with commas behind them",
      `${JSON.stringify(resourceSpans(span(1)))},\n${JSON.stringify(resourceSpans(span(2)))}\n`,
      ["op1", "op2"],
    ],
    [
      "Windows' line ends",
      [1, 2].map((n) => `${JSON.stringify(resourceSpans(span(n)))}\r\n`).join(""),
      ["op1", "op2"],
    ],
  ])("%s", async (_, content, expected) => {
    const all = await foundIn(content);
    expect(all).toMatchObject(clean);
    expect(names(all)).toEqual(expected);
    expect(new Set(all.spans.map(({ traceId }) => traceId))).toEqual(new Set([id]));
  });

  const jaegerSpan = {
    traceID: id,
    spanID: "1",
    operationName: "op1",
    startTime: 1_700_000_000_000_000,
    duration: 5000,
    process: { serviceName: "shop", tags: [] },
    tags: [],
  };

  it("documents of Jaeger's Elasticsearch storage: dumped, as an answer, bare", async () => {
    const source = { ...jaegerSpan, startTimeMillis: 1_700_000_000_000, tag: { "http@url": "/" } };
    const document = { _index: "jaeger-span-2023-11-14", _id: "x", _source: source };
    for (const content of [document, { took: 1, hits: { total: 1, hits: [document] } }, source]) {
      const { spans, ...rest } = await foundIn(content);
      expect(rest).toEqual(clean);
      expect(spans).toMatchObject([
        { name: "op1", service: "shop", attributes: [{ key: "http.url", value: { stringValue: "/" } }] },
      ]);
    }
    const { faults } = await foundIn({ ...document, _source: { ...source, spanID: "" } });
    expect(faults).toEqual([
      'FILE:1: document jaeger-span-2023-11-14/x: spanID: "" instead of 1 to 16 hex digits',
    ]);
    expect(names(await foundIn(jaegerSpan))).toEqual(["op1"]);
  });

  it("an answer of Jaeger's with errors beside its data, whichever comes first", async () => {
    const trace = { traceID: id, spans: [{ ...jaegerSpan }], processes: {} };
    const errors = [{ code: 404, msg: "trace not found", traceID: "ff" }];
    for (const content of [
      { data: [trace], total: 1, errors },
      { errors, data: [trace] },
      { result: { errors, data: [trace] } },
    ]) {
      const all = await foundIn(content);
      expect(names(all)).toEqual(["op1"]);
      expect(all).toMatchObject({
        faults: [],
        notes: [{ kind: "failure", text: "trace not found, code 404, trace ff" }],
      });
    }
    expect(await foundIn({ data: null, errors })).toMatchObject({ notes: [{ kind: "failure" }] });
    expect(await foundIn({ error: { httpCode: 404, message: "No traces found" } })).toMatchObject({
      spans: [],
      faults: [],
      notes: [{ kind: "failure", text: "No traces found, code 404" }],
    });
  });

  it("Zipkin's v2", async () => {
    const zipkin = {
      traceId: "a1b2c3d4e5f60718",
      id: "2",
      parentId: "1",
      kind: "SERVER",
      name: "get /",
      timestamp: 1_700_000_000_000_000,
      duration: 5000,
      localEndpoint: { serviceName: "shop", ipv4: "10.0.0.1", port: 80 },
      remoteEndpoint: { serviceName: "web", ipv6: "::1" },
      annotations: [{ timestamp: 1_700_000_000_000_001, value: "ws" }],
      tags: { "http.path": "/", error: "broken", "otel.scope.name": "lib" },
      shared: true,
    };
    for (const content of [[zipkin], [[zipkin]], zipkin, `${JSON.stringify(zipkin)}\n`]) {
      const { spans, faults, notes } = await foundIn(content);
      expect(faults).toEqual([]);
      expect(notes).toEqual([{ kind: "unknown", name: "zipkin.shared" }]);
      expect(spans).toMatchObject([
        {
          traceId: "0000000000000000a1b2c3d4e5f60718",
          spanId: "0000000000000002",
          parentSpanId: "0000000000000001",
          service: "shop",
          scope: "lib",
          name: "get /",
          kind: 2,
          startTimeUnixNano: start,
          endTimeUnixNano: start + 5_000_000n,
          status: { code: 2, message: "broken" },
          attributes: [
            { key: "http.path", value: { stringValue: "/" } },
            { key: "error", value: { stringValue: "broken" } },
            { key: "net.host.ip", value: { stringValue: "10.0.0.1" } },
            { key: "net.host.port", value: { intValue: 80n } },
            { key: "peer.service", value: { stringValue: "web" } },
            { key: "net.peer.ip", value: { stringValue: "::1" } },
          ],
          events: [{ timeUnixNano: start + 1000n, name: "ws" }],
        },
      ]);
    }
    const bare = {
      traceId: "1",
      id: "1",
      annotations: [{ timestamp: 7, value: "cs" }],
      tags: { error: "true" },
    };
    expect((await foundIn([bare])).spans).toMatchObject([
      {
        startTimeUnixNano: 7000n,
        endTimeUnixNano: 7000n,
        kind: 0,
        status: { code: 2, message: "" },
        attributes: [],
      },
    ]);
    const { faults, spans } = await foundIn([
      [
        zipkin,
        { ...zipkin, kind: "BOTH" },
        { ...zipkin, timestamp: null, annotations: [] },
        { ...bare, id: "0" },
      ],
      [{ ...zipkin, binaryAnnotations: [] }],
    ]);
    expect(spans).toHaveLength(1);
    expect(faults).toEqual([
      'FILE:1: [0][1].kind: "BOTH" instead of CLIENT, SERVER, PRODUCER or CONSUMER',
      "FILE:1: [0][2].timestamp: null instead of microseconds since 1970",
      'FILE:1: [0][3].id: "0" instead of an id that is not all zeros',
      "FILE:1: [1].binaryAnnotations: a list instead of Zipkin's v2 JSON, which its /api/v2 gives",
    ]);
  });
});

describe("what is wrong with a file", () => {
  it.each<[string, object | string | Uint8Array, string[]]>([
    [
      "names the path of the field, after any spans before it",
      {
        resourceSpans: [
          resourceSpans(span(1)),
          {
            scopeSpans: [
              { spans: [span(2)] },
              { spans: [span(3), span(4, { traceId: "12" }), span(5), span(6, { kind: "X" })] },
            ],
          },
        ],
      },
      [
        'FILE:1: resourceSpans[1].scopeSpans[1].spans[1].traceId: "12" is not 32 hex digits; an id of 16 bytes in base64 is taken, too',
        expect.stringContaining(
          'resourceSpans[1].scopeSpans[1].spans[3].kind: "X" is none of SPAN_KIND_UNSPECIFIED, ',
        ),
      ],
    ],
    [
      "is a number beyond 64 bits",
      `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${id}","attributes":[{"key":"n","value":{"intValue":9223372036854775808}}]}]}]}]}`,
      [
        "FILE:1: resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.intValue: 9223372036854775808 is no signed 64-bit integer",
      ],
    ],
    [
      "is a value of no kind",
      resourceSpans(span(1, { attributes: [{ key: "k", value: { StringValue: "x" } }] })),
      ["FILE:1: scopeSpans[0].spans[0].attributes[0].value: StringValue is no kind of value that OTLP has"],
    ],
    [
      "is a ResourceSpans whose spans have another name",
      { resourceSpans: [{ resource, scope_Spans: [{ spans: [span(1)] }] }] },
      [
        "FILE:1: resourceSpans[0]: no spans, but scope_Spans, which OTLP does not know; its spans are in scopeSpans[].spans[]",
      ],
    ],
    [
      "is that it holds something else",
      { traces: [{ traceID: id, rootServiceName: "shop" }], metrics: {} },
      [
        "FILE:1: it holds traces, metrics, and neither OTLP's resourceSpans nor the spans of Jaeger or Zipkin",
      ],
    ],
    [
      "is that it is no JSON",
      "time,service\n1,shop\n",
      ['FILE:1: is no JSON: it begins with "time,service"', 'FILE:2: is no JSON: it begins with "1,shop"'],
    ],
    [
      "is that it is a web page",
      "<!DOCTYPE html><html></html>",
      ['FILE:1: is no JSON: it begins with "<!DOCTYPE html><html></html>"'],
    ],
    [
      "is that it is a database",
      Buffer.from("SQLite format 3\0\x10\0\x01\x01"),
      ["FILE: it is a database of SQLite: read it with spanstore copy --from=sqlite:FILE"],
    ],
    [
      "is that it is a zip archive",
      Buffer.from("PK\x03\x04\x14\0"),
      ["FILE: it is a zip archive: unpack it first"],
    ],
    [
      "is that nothing knows it",
      Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", "latin1"),
      [
        "FILE: it is neither JSON nor OTLP's protobuf: its first bytes are 89 50 4e 47 0d 0a 1a 0a 00 00 00 0d",
      ],
    ],
    [
      "is UTF-32",
      Buffer.from("fffe00007b000000", "hex"),
      ["FILE: it is UTF-32, which is not read: convert it to UTF-8"],
    ],
  ])("%s", async (_, content, faults) => {
    expect((await foundIn(content)).faults).toEqual(faults);
  });

  it("includes an empty file", async () => {
    expect(await foundIn("")).toEqual({
      spans: [],
      faults: [],
      notes: [{ kind: "nothing", text: "FILE is empty" }],
    });
    expect(await foundIn(zlib.gzipSync(""))).toMatchObject({
      notes: [{ kind: "nothing", text: "FILE has no spans in it" }],
    });
    expect(await foundIn('{"data":[],"total":0,"errors":null}')).toMatchObject({
      faults: [],
      notes: [{ kind: "nothing", text: "FILE has no spans in it" }],
    });
    const empty = await foundIn({
      resourceSpans: [{ resource, scopeSpans: [] }, { scopeSpans: [{ spans: [] }] }],
    });
    expect(empty.notes).toEqual([
      { kind: "empty", name: "resourceSpans" },
      { kind: "empty", name: "resourceSpans" },
      { kind: "nothing", text: "FILE has no spans in it" },
    ]);
    expect((await foundIn({ data: [{ traceID: id, spans: [], processes: {} }] })).notes).toMatchObject([
      { kind: "empty", name: "traces" },
      { kind: "nothing" },
    ]);
  });

  it("reports names that OTLP does not know", async () => {
    const { notes, spans } = await foundIn({
      resourceSpans: [resourceSpans(span(1, { colour: "red", events: [{ name: "e", weight: 1 }] }))],
      more: 1,
    });
    expect([spans.length, notes]).toEqual([
      1,
      [
        { kind: "unknown", name: "span.colour" },
        { kind: "unknown", name: "event.weight" },
      ],
    ]);
  });
});

/** Lines of JSON, and the names of their spans. */
function lines(count: number): { text: string; expected: string[] } {
  const all = Array.from({ length: count }, (_, i) => i + 1);
  const noise = (n: number): string =>
    Buffer.from(String(Math.sin(n)))
      .toString("hex")
      .repeat(4);
  return {
    text: all
      .map(
        (n) =>
          `${JSON.stringify(resourceSpans(span(n, { attributes: [{ key: "r", value: { stringValue: noise(n) } }] })))}\n`,
      )
      .join(""),
    expected: all.map((n) => `op${n}`),
  };
}

describe("bytes of every kind", slow, () => {
  const { text, expected } = lines(40);
  const half = text.indexOf("\n", text.length / 2) + 1;
  const [first, second] = [text.slice(0, half), text.slice(half)];
  const gzip = (part: string): Buffer => zlib.gzipSync(part);
  const zstd = (part: string | Uint8Array): Buffer => zlib.zstdCompressSync(part);
  const utf16be = (part: string): Buffer => Buffer.from(part, "utf16le").swap16();
  const mark = "\ufeff";

  it.each<[string, () => Uint8Array]>([
    ["UTF-8 with a mark", () => Buffer.from(mark + text)],
    ["UTF-16, little end first", () => Buffer.from(text, "utf16le")],
    ["UTF-16, big end first", () => utf16be(text)],
    ["UTF-16 with a mark", () => Buffer.from(mark + text, "utf16le")],
    ["UTF-16 with the other mark", () => utf16be(mark + text)],
    ["UTF-16 packed by gzip", () => zlib.gzipSync(Buffer.from(mark + text, "utf16le"))],
    [
      "gzip with a name, a comment and a checksum of its header",
      () => {
        const packed = gzip(text);
        const header = Buffer.from(packed.subarray(0, 10));
        header[3] = 2 + 4 + 8 + 16;
        return Buffer.concat([header, Buffer.from("\x03\0abcname\0comment\0\x01\x02"), packed.subarray(10)]);
      },
    ],
    ["gzip of several members", () => Buffer.concat([gzip(first), gzip(""), gzip(second)])],
    ["gzip with zeros behind it", () => Buffer.concat([gzip(text), Buffer.alloc(70_000)])],
    [
      "members of gzip with zeros between them",
      () => Buffer.concat([gzip(first), Buffer.alloc(512), gzip(second)]),
    ],
    ["gzip in gzip", () => zlib.gzipSync(gzip(text))],
    ["zstd", () => zstd(text)],
    ["zstd of several frames", () => Buffer.concat([zstd(first), zstd(second)])],
    [
      "zstd with a frame to skip",
      () => Buffer.concat([Buffer.from("502a4d1803000000", "hex"), Buffer.from("abc"), zstd(text)]),
    ],
    [
      "zstd with a checksum",
      () => zlib.zstdCompressSync(text, { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } }),
    ],
  ])("%s", async (_, content) => {
    const all = await foundIn(content());
    expect(all).toMatchObject(clean);
    expect(names(all)).toEqual(expected);
  });

  it("protobuf: as the collector writes it, as protobuf's libraries do, and by itself", async () => {
    const messages = text
      .trim()
      .split("\n")
      .map((line) => Buffer.from(encodeTraces(tracesFromJson({ resourceSpans: [JSON.parse(line)] }))));
    const framed = (all: readonly Uint8Array[]): Buffer =>
      Buffer.concat(
        all.flatMap((bytes) => {
          const length = Buffer.alloc(4);
          length.writeUInt32BE(bytes.length);
          return [length, bytes];
        }),
      );
    const delimited = Buffer.concat(
      messages.flatMap((bytes) => [Uint8Array.of((bytes.length & 127) | 128, bytes.length >> 7), bytes]),
    );
    const documents = text
      .trim()
      .split("\n")
      .map((line) => zstd(`{"resourceSpans":[${line}]}`));
    for (const content of [
      framed(messages),
      framed(messages.map(zstd)),
      framed(documents),
      zstd(framed(messages)),
      delimited,
      Buffer.concat(messages),
      gzip(Buffer.concat(messages).toString("latin1")).length > 0
        ? zlib.gzipSync(Buffer.concat(messages))
        : "",
    ]) {
      const all = await foundIn(content);
      expect(all).toMatchObject(clean);
      expect(names(all)).toEqual(expected);
    }
    const cut = await foundIn(framed(messages).subarray(0, -5));
    expect([names(cut), cut.faults]).toEqual([
      expected.slice(0, -1),
      ["FILE: it ends within message 40; the file was cut off"],
    ]);
    const wrong = await foundIn(framed([Buffer.concat([Uint8Array.of(0x0a, 2, 0x12, 9), Buffer.alloc(40)])]));
    expect(wrong.faults).toEqual([expect.stringMatching(/^FILE, message 1: malformed protobuf/)]);
  });

  it("any OTLP, whichever way it comes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(tracesData, { minLength: 1, maxLength: 4 }),
        fc.constantFrom("text", "utf-16", "gzip", "zstd", "framed"),
        async (all, way) => {
          const json = all.map((traces) => `${JSON.stringify(tracesToJson(traces))}\n`).join("");
          const content = {
            text: () => Buffer.from(json),
            "utf-16": () => Buffer.from(mark + json, "utf16le"),
            gzip: () => zlib.gzipSync(json),
            zstd: () => zlib.zstdCompressSync(json),
            framed: () =>
              Buffer.concat(
                all.map(encodeTraces).flatMap((bytes) => {
                  const length = Buffer.alloc(4);
                  length.writeUInt32BE(bytes.length);
                  return bytes.length === 0 ? [] : [length, bytes];
                }),
              ),
          }[way]();
          const { spans, faults } = await foundIn(content);
          expect(faults).toEqual([]);
          const given = all.flatMap(({ resourceSpans: each }) =>
            each.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
          );
          expect(spans.map((each) => [each.traceId, each.spanId, each.name])).toEqual(
            given.map((each) => [each.traceId, each.spanId, each.name ?? ""]),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ["gzip", zlib.gzipSync(lines(3000).text)],
    ["zstd", zstd(lines(3000).text)],
  ])("of %s that is cut off anywhere, what is whole, and a word", async (name, packed) => {
    const whole = lines(3000).expected;
    let kept = 0;
    for (const share of [0.001, 0.3, 0.5, 0.9, 0.999]) {
      const end = Math.max(5, Math.floor(packed.length * share));
      const all = await foundIn(packed.subarray(0, end));
      expect(all.faults).toEqual([`FILE: its ${name} data end early, at byte ${end}; the file was cut off`]);
      expect(names(all)).toEqual(whole.slice(0, all.spans.length));
      expect(all.spans.length).toBeGreaterThanOrEqual(kept);
      kept = all.spans.length;
    }
    expect(kept).toBeGreaterThan(2500);
  });

  it.each([
    ["gzip", zlib.gzipSync(lines(3000).text)],
    [
      "zstd",
      zlib.zstdCompressSync(lines(3000).text, { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } }),
    ],
  ])("of %s that is damaged, what is whole before, and a word", async (name, packed) => {
    for (const share of [0.5, 0.7, 0.9]) {
      const bytes = Buffer.from(packed);
      const at = Math.floor(bytes.length * share);
      bytes.fill(0xff, at, at + 64);
      const { faults, spans } = await foundIn(bytes);
      expect(faults.at(-1)).toMatch(new RegExp(`^FILE(: its ${name} data are damaged|:\\d+: )`));
      expect(faults.join()).toContain("damaged");
      expect(spans.length).toBeGreaterThan(500);
    }
  });

  it("reports bytes after packed data", async () => {
    for (const [name, packed] of [
      ["gzip", gzip(text)],
      ["zstd", zstd(text)],
    ] as const) {
      const all = await foundIn(Buffer.concat([packed, Buffer.from("garbage")]));
      expect(names(all)).toEqual(expected);
      expect(all.faults).toEqual([
        `FILE: its ${name} data are followed by something else, at byte ${packed.length}`,
      ]);
    }
  });
});

describe("import", slow, () => {
  const good = (): string => fileOf(`${JSON.stringify(resourceSpans(span(1)))}\n`);
  const errorsOf = (errors: readonly string[]): string[] =>
    errors.map((line) =>
      line
        .replace("spanstore: ", "")
        .replace(/in \d+\.\d s/, "in TIME")
        .replaceAll(folder, ""),
    );

  it("keeps the intact part of a damaged file, reports it, and goes on to the next with --continue", async () => {
    const store = `--sqlite.path=${join(folder, "damaged.sqlite")}`;
    const alone = await cli(["import", field("06a-cut.json.gz"), good(), store]);
    expect([alone.code, errorsOf(alone.errors)]).toEqual([
      1,
      [
        expect.stringMatching(/^imported \d+ spans, /),
        expect.stringMatching(
          /06a-cut\.json\.gz: its gzip data end early, at byte 1832 \(the file was cut off\)$/,
        ),
      ],
    ]);
    const both = await cli(["import", "--continue", field("06c-bad-crc.json.gz"), good(), store]);
    expect([both.code, errorsOf(both.errors)]).toEqual([
      1,
      [
        expect.stringMatching(/06c-bad-crc\.json\.gz: its gzip data are damaged .*checksum/),
        expect.stringMatching(/^imported \d+ spans, .*; 1 fault passed over$/),
      ],
    ]);
  });

  it("names a file that is missing or a folder, and creates no store", async () => {
    const store = join(folder, "none.sqlite");
    const missing = join(folder, "missing.json");
    for (const [path, reason] of [
      [missing, "there is no such file"],
      [folder, "it is a folder (name the files in it)"],
    ] as const) {
      for (const flags of [[], ["--continue"]]) {
        const { code, errors } = await cli(["import", ...flags, path, `--sqlite.path=${store}`]);
        expect([code, errors.join("\n")]).toEqual([
          1,
          expect.stringContaining(`cannot read ${path}: ${reason}`),
        ]);
      }
    }
    const wrong = await cli(["import", fileOf("service,operation\n"), `--sqlite.path=${store}`]);
    expect([wrong.code, wrong.errors.join()]).toEqual([1, expect.stringContaining("is no JSON")]);
    expect(() => readFileSync(store)).toThrow("ENOENT");
  });

  it("goes on with --continue past a file that is missing", async () => {
    const { code, errors } = await cli([
      "import",
      "--continue",
      join(folder, "missing.json"),
      good(),
      `--sqlite.path=${join(folder, "rest.sqlite")}`,
    ]);
    expect([code, errorsOf(errors)]).toEqual([
      1,
      [
        "cannot read /missing.json: there is no such file",
        expect.stringMatching(/^imported 1 span, .*; 1 fault passed over/),
      ],
    ]);
  });

  it("reports once the other contents of a file, and the errors of an answer", async () => {
    const store = `--sqlite.path=${join(folder, "beside.sqlite")}`;
    const signals = await cli(["import", field("12-three-signals-in-one-file.jsonl"), store]);
    expect([signals.code, errorsOf(signals.errors)]).toEqual([
      0,
      ["imported 2 spans, 768 bytes in TIME; no traces, and left out: 1 resourceMetrics, 1 resourceLogs"],
    ]);
    const answer = fileOf(
      `{"data":[{"traceID":"1","spans":[{"spanID":"1","startTime":1,"process":{}}]}],"errors":[{"code":500,"msg":"timeout"}]}`,
    );
    const failed = await cli(["import", answer, store]);
    expect([failed.code, errorsOf(failed.errors)]).toEqual([
      1,
      [
        expect.stringMatching(/:1: the answer says that something failed: timeout, code 500$/),
        expect.stringMatching(/^imported 1 span, /),
      ],
    ]);
    const unknown = await cli([
      "import",
      fileOf(JSON.stringify(resourceSpans(span(9, { colour: 1 })))),
      store,
    ]);
    expect([unknown.code, errorsOf(unknown.errors)]).toEqual([
      0,
      [expect.stringMatching(/; not known to OTLP, and left out: 1 span\.colour$/)],
    ]);
  });
});
