import { decodeTraces, type Span } from "@spanstore/core";
import { encodeTraces, parseGroups } from "@spanstore/core/otlp";
import { describe, expect, it } from "vitest";
import { jaegerSpansOf, spansResponseChunks } from "../src/to-jaeger/spans-of-otlp.js";
import { otlpOfJaegerSpan } from "../src/to-otlp/otlp-of-span.js";
import {
  encodeSpan,
  type JaegerSpan,
  type JaegerTag,
  type Meaning,
  meaningOf,
} from "./jaeger-model-codec.js";

const traceId = Buffer.from("0102030405060708090a0b0c0d0e0f10", "hex");
const spanId = Buffer.from("0000000000000002", "hex");
const parentId = Buffer.from("0000000000000001", "hex");

/** A span as Jaeger's Go client sends it through agent and collector. */
const ofClient: JaegerSpan = {
  traceId,
  spanId,
  operationName: "HTTP GET /dispatch",
  references: [{ traceId, spanId: parentId }],
  flags: 1,
  startTime: { seconds: 1_700_000_000n, nanos: 123_456_000 },
  duration: { nanos: 5_000_999 },
  tags: [
    { key: "sampler.type", str: "const" },
    { key: "sampler.param", type: 1, bool: true },
    { key: "span.kind", str: "server" },
    { key: "http.url", str: "/dispatch" },
    { key: "component", str: "net/http" },
    { key: "http.status_code", type: 2, int: 500n },
    { key: "error", type: 1, bool: true },
    { key: "internal.span.format", str: "proto" },
  ],
  logs: [
    {
      timestamp: { seconds: 1_700_000_000n, nanos: 124_000_000 },
      fields: [
        { key: "event", str: "error" },
        { key: "message", str: "no drivers" },
      ],
    },
  ],
  process: {
    serviceName: "driver",
    tags: [
      { key: "hostname", str: "host-1" },
      { key: "ip", str: "10.0.0.1" },
      { key: "jaeger.version", str: "Go-2.30.0" },
    ],
  },
};

function otlpOf(span: JaegerSpan): Span {
  const [only] = decodeTraces(otlpOfJaegerSpan(encodeSpan(span))).resourceSpans;
  return only?.scopeSpans[0]?.spans[0] as Span;
}

/** The span after a round trip through OTLP. */
function thereAndBack(span: JaegerSpan): Meaning {
  const [back] = [...jaegerSpansOf(otlpOfJaegerSpan(encodeSpan(span)))];
  return meaningOf(back as Uint8Array);
}

function tag(key: string, str: string): JaegerTag {
  return { key, str };
}

describe("a Jaeger span in OTLP", () => {
  it("is the same as the collector's", () => {
    const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    expect(decodeTraces(otlpOfJaegerSpan(encodeSpan(ofClient)))).toMatchObject({
      resourceSpans: [
        {
          resource: {
            attributes: [
              text("service.name", "driver"),
              text("host.name", "host-1"),
              text("ip", "10.0.0.1"),
              text("opencensus.exporterversion", "Jaeger-Go-2.30.0"),
            ],
          },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: "0102030405060708090a0b0c0d0e0f10",
                  spanId: "0000000000000002",
                  parentSpanId: "0000000000000001",
                  flags: 0,
                  name: "HTTP GET /dispatch",
                  kind: 2,
                  startTimeUnixNano: 1_700_000_000_123_456_000n,
                  endTimeUnixNano: 1_700_000_000_128_456_999n,
                  attributes: [
                    text("sampler.type", "const"),
                    { key: "sampler.param", value: { boolValue: true } },
                    text("http.url", "/dispatch"),
                    text("component", "net/http"),
                    { key: "http.status_code", value: { intValue: 500n } },
                    text("internal.span.format", "proto"),
                  ],
                  events: [
                    {
                      timeUnixNano: 1_700_000_000_124_000_000n,
                      name: "error",
                      attributes: [text("message", "no drivers")],
                    },
                  ],
                  links: [],
                  status: { code: 2, message: "" },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it("needs few bytes for the parts that OTLP lacks", () => {
    const kept = (span: JaegerSpan): number => {
      const encoded = otlpOfJaegerSpan(encodeSpan(span));
      return encoded.length - encodeTraces(decodeTraces(encoded)).length;
    };
    // One resource and one span, with three bytes each for tag and length.
    expect(kept(ofClient)).toBeLessThanOrEqual(26);
    expect(kept({ ...ofClient, flags: 0, process: { serviceName: "driver" } })).toBeLessThanOrEqual(10);
    expect(
      kept({
        ...ofClient,
        flags: 0,
        tags: [tag("http.url", "/"), tag("span.kind", "client")],
        process: { serviceName: "driver" },
      }),
    ).toBe(0);
  });

  it("has 16 bytes of trace id when Jaeger's has 8", () => {
    const short = {
      ...ofClient,
      traceId: traceId.subarray(8),
      references: [{ traceId: traceId.subarray(8), spanId: parentId }],
    };
    expect(otlpOf(short)).toMatchObject({
      traceId: "0000000000000000090a0b0c0d0e0f10",
      parentSpanId: "0000000000000001",
      links: [],
    });
    expect(thereAndBack(short)).toEqual(meaningOf(encodeSpan(short)));
  });

  it("has its parent even when the reference names no trace", () => {
    for (const loose of [{ spanId: parentId }, { traceId: new Uint8Array(16), spanId: parentId }]) {
      const span = { ...ofClient, references: [loose, { ...loose, spanId, type: 1 }] };
      expect(otlpOf(span)).toMatchObject({
        parentSpanId: "0000000000000001",
        links: [{ traceId: traceId.toString("hex"), spanId: spanId.toString("hex") }],
      });
      expect(thereAndBack(span)).toEqual(meaningOf(encodeSpan(span)));
    }
  });

  it("starts at 0 when Jaeger's span has no start", () => {
    const { startTime: _, ...timeless } = ofClient;
    for (const span of [timeless, { ...timeless, startTime: { seconds: -62_135_596_800n } }]) {
      expect(otlpOf(span)).toMatchObject({ startTimeUnixNano: 0n, endTimeUnixNano: 5_000_999n });
      expect(thereAndBack(span)).toEqual(meaningOf(encodeSpan(timeless)));
    }
  });

  it("keeps the warnings where Jaeger looks for them", () => {
    const span = { ...ofClient, tags: [tag("@jaeger@warnings", "mine")], warnings: ["clock skew", ""] };
    expect(otlpOf(span).attributes).toEqual([
      {
        key: "@jaeger@warnings",
        value: { arrayValue: { values: [{ stringValue: "clock skew" }, { stringValue: "" }] } },
      },
    ]);
    expect(thereAndBack(span)).toEqual(meaningOf(encodeSpan(span)));
  });

  it("does not depend on the spans before it", () => {
    const alone = otlpOfJaegerSpan(encodeSpan(ofClient));
    const many = Array.from({ length: 5_000 }, (_, i) => tag(`key-${i % 4_900}`, `${i}`));
    const large = {
      ...ofClient,
      tags: [...many, tag("otel.scope.version", "1"), tag("otel.scope.name", "lib")],
      logs: Array.from({ length: 4_200 }, () => ({
        timestamp: { seconds: 5n },
        fields: [tag("event", "e")],
      })),
      references: Array.from({ length: 4_200 }, () => ({ traceId, spanId, type: 1 })),
    };
    const meaning = JSON.stringify(meaningOf(encodeSpan(large)));
    for (let i = 0; i < 2; i++) expect(JSON.stringify(thereAndBack(large)) === meaning).toBe(true);
    expect(otlpOfJaegerSpan(encodeSpan(ofClient))).toEqual(alone);
  });
});

describe("bytes that are no Jaeger span", () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
  it.each([
    ["trace_id", encodeSpan({ ...ofClient, traceId: traceId.subarray(1) }), "16 or 8 bytes, not 15"],
    ["trace_id", encodeSpan({ ...ofClient, traceId: bytes() }), "not 0"],
    ["span_id", encodeSpan({ ...ofClient, spanId: traceId }), "8 bytes, not 16"],
    ["references[1].trace_id", encodeSpan({ references: [{}, { traceId: spanId.subarray(1) }] }), "not 7"],
    ["references[0].span_id", encodeSpan({ references: [{ spanId: bytes(1) }] }), "not 1"],
    ["start_time", encodeSpan({ startTime: { nanos: 1_000_000_000 } }), "nanos must be 0 to 999999999"],
    ["start_time", encodeSpan({ startTime: { nanos: -1 } }), "nanos must be 0 to 999999999"],
    ["start_time", encodeSpan({ startTime: { seconds: 253_402_300_800n } }), "years 1 to 9999"],
    ["duration", encodeSpan({ duration: { seconds: 1n, nanos: -1 } }), "different signs"],
    ["duration", encodeSpan({ duration: { seconds: 9_223_372_036n, nanos: 854_775_808 } }), "292 years"],
    ["logs[1].timestamp", encodeSpan({ logs: [{}, { timestamp: { nanos: -5 } }] }), "nanos"],
    ["logs[0]", bytes(0x4a, 2, 0x12, 9), "a field longer than its message"],
    ["tags[2]", bytes(0x42, 0, 0x42, 0, 0x42, 2, 0x18, 1), "wrong wire type"],
    ["process", bytes(0x52, 2, 0x08, 1), "wrong wire type"],
    ["warnings", bytes(0x60, 1), "wrong wire type"],
    ["span", bytes(0x1a, 5, 0x61), "a field longer than its message"],
  ])("is refused with the name of the part: %s", (field, encoded, words) => {
    expect(() => otlpOfJaegerSpan(encoded)).toThrow(
      expect.objectContaining({
        code: "INVALID_TRACES",
        field,
        message: expect.stringMatching(new RegExp(`^${field.replace(/[[\].]/g, "\\$&")}: .*${words}`)),
      }),
    );
    // The next span is unaffected.
    expect(thereAndBack(ofClient)).toEqual(meaningOf(encodeSpan(ofClient)));
  });
});

describe("OTLP spans in Jaeger's model", () => {
  const encodedOf = (spans: readonly Pick<Span, "attributes">[], service: string): Uint8Array =>
    encodeTraces({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
          scopeSpans: [
            {
              spans: spans.map((span, i) => ({
                traceId: "0102030405060708090a0b0c0d0e0f10",
                spanId: (i + 1).toString(16).padStart(16, "0"),
                name: `${service} ${i}`,
                startTimeUnixNano: 1n,
                endTimeUnixNano: 2n,
                attributes: span.attributes ?? [],
              })),
            },
          ],
        },
      ],
    });

  it("come in chunks within bounds", () => {
    const large = { attributes: [{ key: "large", value: { stringValue: "x".repeat(3_000) } }] };
    const encoded = encodedOf([{}, {}, {}, {}, large, {}, {}], "shop");
    const sizes = [...jaegerSpansOf(encoded)].map(({ length }) => length);
    const chunks = [...spansResponseChunks(encoded, { spans: 3, bytes: 1_000 })];
    expect(chunks.map((chunk) => spansOfChunk(chunk).length)).toEqual([3, 1, 1, 2]);
    expect(chunks.flatMap(spansOfChunk).map(({ length }) => length)).toEqual(sizes);
    expect([...spansResponseChunks(encoded)].map((chunk) => spansOfChunk(chunk).length)).toEqual([7]);
    expect([...spansResponseChunks(new Uint8Array(0))]).toEqual([]);
  });

  it("have the process of their resource", () => {
    const encoded = Buffer.concat([encodedOf([{}], "one"), encodedOf([{}], "two"), encodedOf([{}], "one")]);
    const services = [...jaegerSpansOf(encoded)].map(
      (span) => (meaningOf(span).process as Meaning).serviceName,
    );
    expect(services).toEqual(["one", "two", "one"].map(hexOf));
  });

  it("do not mix when two traces are read at the same time", () => {
    const one = encodedOf([{}, {}], "one");
    const two = encodedOf([{}, {}], "two");
    const apart = [[...jaegerSpansOf(one)], [...jaegerSpansOf(two)]];
    const [first, second] = [jaegerSpansOf(one), jaegerSpansOf(two)];
    const together: Uint8Array[][] = [[], []];
    for (let i = 0; i < 2; i++) {
      together[0]?.push(first.next().value as Uint8Array);
      together[1]?.push(second.next().value as Uint8Array);
    }
    expect(together).toEqual(apart);
  });

  it("keep their own content, whatever our own field holds", () => {
    const [plain] = [...jaegerSpansOf(withKept(new Uint8Array(0)))].map(meaningOf);
    const tagsOf = (script: number[]): Uint8Array => Uint8Array.of(0x12, script.length, ...script);
    const fieldsOf = (fields: Uint8Array): Uint8Array =>
      Buffer.concat([Uint8Array.of(0x22, fields.length), fields]);
    for (const kept of [
      Uint8Array.of(0xff, 0xff),
      // Scripts with too many attributes, too few, an unknown source, or an invalid literal.
      tagsOf([4 * 2]),
      tagsOf([1 * 2]),
      tagsOf([2 * 2, 1, 3, 0x0a, 1, 0x63, 50 * 2 + 1]),
      tagsOf([2 * 2, 1, 2, 0x0a, 9]),
      tagsOf([0xfe, 0xff, 0xff, 0xff, 0x0f]),
      fieldsOf(encodeSpan({ traceId: spanId })),
      fieldsOf(encodeSpan({ spanId: parentId })),
      fieldsOf(encodeSpan({ operationName: "" })),
      fieldsOf(encodeSpan({ tags: [{}] })),
      fieldsOf(encodeSpan({ process: { serviceName: "other" } })),
      fieldsOf(encodeSpan({ warnings: [""] })),
      fieldsOf(encodeSpan({ startTime: { nanos: -1 } })),
      fieldsOf(Uint8Array.of(0x4a, 2, 0x12, 9)),
    ]) {
      expect([...jaegerSpansOf(withKept(kept))].map(meaningOf), Buffer.from(kept).toString("hex")).toEqual([
        plain,
      ]);
    }
    // Valid parts are used.
    const [believed] = [...jaegerSpansOf(withKept(tagsOf([1 * 2, 5 * 2 + 1, 1 * 2])))].map(meaningOf);
    expect(believed).toMatchObject({
      tags: [{ key: hexOf("a") }, { key: hexOf("error") }, { key: hexOf("b") }],
    });
  });

  it("keep the process of their resource, whatever our own field holds", () => {
    const processOf = (...kept: number[]): unknown => {
      const beside = kept.length === 0 ? [] : [0xfa, 0x6b, kept.length, ...kept];
      const ip = [0x0a, 8, 0x0a, 2, 0x69, 0x70, 0x12, 2, 0x0a, 0];
      const resource = field(0x0a, Uint8Array.of(...ip, ...beside));
      const [span] = jaegerSpansOf(
        field(0x0a, Buffer.concat([resource, field(0x12, field(0x12, new Uint8Array(0)))])),
      );
      return meaningOf(span as Uint8Array).process;
    };
    const plain = processOf();
    expect(plain).toMatchObject({ serviceName: "", tags: [{ key: hexOf("ip") }] });
    for (const kept of [[0xff], [0x12, 1, 4], [0x22, 2, 0x12, 0], [0x22, 2, 0x0a, 9]]) {
      expect(processOf(...kept), `${kept}`).toEqual(plain);
    }
    expect(processOf(0x12, 2, 11 * 2 + 1, 1 * 2)).toEqual(plain);
    expect(processOf(0x12, 1, 11 * 2 + 1)).toMatchObject({ tags: [{ key: hexOf("hostname") }] });
    expect(processOf(0x22, 3, 0x0a, 1, 0x61)).toMatchObject({
      serviceName: hexOf("a"),
      tags: [{ key: hexOf("ip") }],
    });
    expect(processOf(0x30, 1)).toBeUndefined();
  });

  /** A span with the attributes a and b and this content in our own field. */
  function withKept(kept: Uint8Array): Uint8Array {
    const attributes = ["a", "b"].map((key) => ({ key, value: { stringValue: key } }));
    const encoded = encodedOf([{ attributes }], "shop");
    const [group] = parseGroups(encoded);
    const span = encoded.slice(group?.spans[0], group?.spans[1]);
    const beside = kept.length === 0 ? [] : [Uint8Array.of(0xfa, 0x6b, kept.length), kept];
    return field(0x0a, field(0x12, field(0x12, Buffer.concat([span, ...beside]))));
  }
});

function hexOf(text: string): string {
  return Buffer.from(text).toString("hex");
}

/** A field of fewer than 16 KiB. */
function field(tagByte: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const size = length < 128 ? [length] : [(length & 127) | 128, length >>> 7];
  return Buffer.concat([Uint8Array.of(tagByte, ...size), content]);
}

/** The spans of an encoded jaeger.storage.v1.SpansResponseChunk. */
function spansOfChunk(chunk: Uint8Array): Uint8Array[] {
  const spans: Uint8Array[] = [];
  for (let at = 0; at < chunk.length; ) {
    expect(chunk[at++]).toBe(0x0a);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = chunk[at++] as number;
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    spans.push(chunk.subarray(at, at + size));
    at += size;
  }
  return spans;
}
