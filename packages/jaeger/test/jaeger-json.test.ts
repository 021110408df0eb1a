import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createProcesses, jaegerJsonOf } from "../src/json/json-of-otlp.js";
import { type JsonSpan, jsonText } from "../src/json/json-span.js";
import { otlpOfJaegerJson } from "../src/json/otlp-of-json.js";
import { parseExactly } from "../src/json/parse-exactly.js";
import { jaegerSpansOf } from "../src/to-jaeger/spans-of-otlp.js";
import { otlpOfJaegerSpan } from "../src/to-otlp/otlp-of-span.js";
import { jaegerSpan } from "./jaeger-model-arbitrary.js";
import { encodeSpan, type JaegerSpan, type Meaning, meaningOf } from "./jaeger-model-codec.js";

/** A trace's JSON, written as text and parsed again. */
function jsonOf(encoded: Uint8Array): { spans: JsonSpan[]; processes: object } {
  const processes = createProcesses();
  const spans = [...jaegerJsonOf(encoded, processes)].map(jsonText);
  return parseExactly(`{"spans":[${spans.join(",")}],"processes":${JSON.stringify(processes.all())}}`) as {
    spans: JsonSpan[];
    processes: object;
  };
}

function spansIn(json: unknown): Uint8Array[] {
  return [...otlpOfJaegerJson(json)].flatMap((span) => {
    if (!(span instanceof Uint8Array)) throw span.error;
    return [...jaegerSpansOf(span)];
  });
}

const errorsIn = (json: unknown): string[] =>
  [...otlpOfJaegerJson(json)].map((span) => (span instanceof Uint8Array ? "" : span.error.message));

function withIds(span: JaegerSpan): JaegerSpan {
  const given = (id: Uint8Array | undefined, other: number[]): Uint8Array =>
    id?.some((byte) => byte !== 0) ? id : Uint8Array.from(other);
  const traceId = given(span.traceId, [0, 0, 0, 0, 0, 0, 0, 9]);
  return {
    ...span,
    traceId,
    spanId: given(span.spanId, [0, 0, 0, 0, 0, 0, 0, 9]),
    references: (span.references ?? []).map((reference) => ({
      ...reference,
      traceId: given(reference.traceId, [...traceId]),
    })),
  };
}

/** The parts of a span that the format keeps: times in microseconds within 64 bits of nanoseconds, without unknown fields. */
function kept(meaning: Meaning): Meaning {
  const tag = (given: Meaning): Meaning => {
    const { key, type } = given;
    const name = { 1: "bool", 2: "int", 3: "double", 4: "binary" }[Number(type)] ?? "str";
    const known = Number(type) >= 1 && Number(type) <= 4;
    return { key, type: known ? type : "0", value: given[name] };
  };
  const tags = (given: unknown): Meaning[] => (given as Meaning[]).map(tag);
  const time = (given: Meaning): string => {
    const nanos = BigInt.asIntN(
      64,
      BigInt(given.seconds as string) * 1_000_000_000n + BigInt(given.nanos as string),
    );
    return String(nanos / 1000n);
  };
  const process = meaning.process as Meaning | undefined;
  return {
    traceId: meaning.traceId,
    spanId: meaning.spanId,
    operationName: meaning.operationName,
    flags: meaning.flags,
    references: (meaning.references as Meaning[]).map(({ traceId, spanId, type }) => ({
      traceId,
      spanId,
      type: type === "1" ? "1" : "0",
    })),
    startTime: time(meaning.startTime as Meaning),
    duration: time(meaning.duration as Meaning),
    tags: tags(meaning.tags),
    logs: (meaning.logs as Meaning[]).map((log) => ({
      timestamp: time(log.timestamp as Meaning),
      fields: tags(log.fields),
    })),
    process: { serviceName: process?.serviceName ?? "", tags: tags(process?.tags ?? []) },
    warnings: meaning.warnings,
  };
}

const minimal = (span: object, processes: object = { p1: { serviceName: "s" } }) => ({
  spans: [
    {
      traceID: "1",
      spanID: "2",
      operationName: "o",
      startTime: 1_700_000_000_000_000,
      duration: 5,
      processID: "p1",
      ...span,
    },
  ],
  processes,
});

describe("Jaeger's JSON", () => {
  it("keeps everything of a Jaeger span that the format has a place for", () => {
    fc.assert(
      fc.property(fc.array(jaegerSpan, { minLength: 1, maxLength: 4 }), (spans) => {
        // Every span has an id, and a reference without a trace id belongs to its span's trace.
        const encoded = spans.map((span) => encodeSpan(withIds(span)));
        const json = jsonOf(Buffer.concat(encoded.map((span) => otlpOfJaegerSpan(span))));
        const back = spansIn(json);
        expect(back.map((span) => kept(meaningOf(span)))).toEqual(
          encoded.map((span) => kept(meaningOf(span))),
        );
        // Reading the written document again changes nothing.
        expect(jsonOf(Buffer.concat([...otlpOfJaegerJson(json)] as Uint8Array[]))).toEqual(json);
      }),
      { numRuns: 500 },
    );
  });

  it("is read in the form that Jaeger writes", () => {
    const json = minimal({
      references: [{ refType: "CHILD_OF", traceID: "1", spanID: "3" }],
      flags: 1,
      tags: [
        { key: "s", type: "string", value: "x" },
        { key: "b", type: "bool", value: true },
        { key: "i", type: "int64", value: "9007199254740993" },
        { key: "f", type: "float64", value: 0.5 },
        { key: "nan", type: "float64", value: "NaN" },
        { key: "bin", type: "binary", value: "AAEC" },
        { key: "old", value: 7 },
        { key: "nothing", type: "string", value: null },
      ],
      logs: [{ timestamp: 1_700_000_000_000_001, fields: [{ key: "event", type: "string", value: "e" }] }],
      warnings: null,
    });
    const span = kept(meaningOf(spansIn(json)[0] as Uint8Array));
    expect(span).toMatchObject({
      traceId: "1".padStart(32, "0"),
      spanId: "2".padStart(16, "0"),
      references: [{ spanId: "3".padStart(16, "0"), type: "0" }],
      flags: "1",
      startTime: "1700000000000000",
      duration: "5",
      process: { serviceName: Buffer.from("s").toString("hex") },
    });
    expect((span.tags as Meaning[]).map(({ type, value }) => [type, value])).toEqual([
      ["0", "78"],
      ["1", "true"],
      ["2", "9007199254740993"],
      ["3", "3fe0000000000000"],
      ["3", "7ff8000000000000"],
      ["4", "000102"],
      ["2", "7"],
      ["0", ""],
    ]);
  });

  it("may have a process within the span, and a parent outside of the references", () => {
    const json = minimal(
      { processID: "", process: { serviceName: "own", tags: null }, parentSpanID: "a" },
      {},
    );
    const [span] = spansIn(json).map(meaningOf);
    expect(span?.process).toMatchObject({ serviceName: Buffer.from("own").toString("hex") });
    expect(span?.references).toMatchObject([
      { spanId: "a".padStart(16, "0"), traceId: "1".padStart(32, "0") },
    ]);
  });

  it("takes the trace's id for a span or a reference without one", () => {
    const { spans, processes } = minimal({
      traceID: undefined,
      references: [
        { refType: "CHILD_OF", spanID: "3" },
        { refType: "FOLLOWS_FROM", traceID: null, spanID: "4" },
      ],
    });
    const id = "ab".padStart(32, "0");
    expect(spansIn({ traceID: "ab", spans, processes }).map(meaningOf)).toMatchObject([
      { traceId: id, references: [{ traceId: id, spanId: "3".padStart(16, "0") }, { traceId: id }] },
    ]);
    // A span's own trace id takes precedence.
    expect(spansIn({ ...minimal({}), traceID: "ab" }).map(meaningOf)).toMatchObject([
      { traceId: "1".padStart(32, "0") },
    ]);
  });

  it("has times in whole microseconds, rounded", () => {
    const json = minimal({ startTime: 1_500_000_000_000_000.5, duration: 1000.9999999999999 });
    expect(kept(meaningOf(spansIn(json)[0] as Uint8Array))).toMatchObject({
      startTime: "1500000000000001",
      duration: "1001",
    });
  });

  it("has null as the zero value of its type", () => {
    const types = ["string", "bool", "int64", "float64", "binary", undefined];
    const json = minimal({ tags: types.map((type) => ({ key: "k", type, value: null })) });
    const { tags } = kept(meaningOf(spansIn(json)[0] as Uint8Array));
    expect((tags as Meaning[]).map(({ type, value }) => [type, value])).toEqual([
      ["0", ""],
      ["1", "false"],
      ["2", "0"],
      ["3", "0000000000000000"],
      ["4", ""],
      ["0", ""],
    ]);
  });

  it("names the wrong part of a span, and reads the other spans", () => {
    const [{ spans, processes }] = [minimal({})];
    const [good] = spans;
    const bad = [
      [{ spanID: "xyz" }, 'spans[0].spanID: "xyz" instead of 1 to 16 hex digits'],
      [{ traceID: 5 }, "spans[0].traceID: 5 instead of a string"],
      [{ processID: "p9" }, 'spans[0].processID: "p9" instead of the name of one of the processes'],
      [
        { processID: "__proto__" },
        'spans[0].processID: "__proto__" instead of the name of one of the processes',
      ],
      [{ startTime: "soon" }, 'spans[0].startTime: "soon" instead of a number of microseconds'],
      [{ startTime: null }, "spans[0].startTime: null instead of microseconds since 1970"],
      [
        { startTime: 1_700_000_000_000_000_000n },
        "spans[0].startTime: 1700000000000000000 instead of microseconds of which 64 bits hold the nanoseconds",
      ],
      [
        { duration: "9223372036854775808" },
        'spans[0].duration: "9223372036854775808" instead of microseconds of which 64 bits hold the nanoseconds',
      ],
      [{ flags: -1 }, "spans[0].flags: -1 instead of a whole number of 32 bits"],
      [{ spanID: "000" }, 'spans[0].spanID: "000" instead of an id that is not all zeros'],
      [{ traceID: null }, "spans[0].traceID: null instead of 1 to 32 hex digits"],
      [
        { references: [{ traceID: "1" }] },
        "spans[0].references[0].spanID: nothing instead of 1 to 16 hex digits",
      ],
      [
        { tags: [{ key: "a", type: "int64", value: 9_223_372_036_854_775_808n }] },
        "spans[0].tags[0].value: 9223372036854775808 instead of a whole number of 64 bits",
      ],
      [
        { tags: [{ key: "a", type: "float64", value: "1e999" }] },
        'spans[0].tags[0].value: "1e999" instead of a number of 64 bits',
      ],
      [
        { tags: [{ key: "a", type: "binary", value: "no base64" }] },
        'spans[0].tags[0].value: "no base64" instead of base64',
      ],
      [
        { tags: [{ key: "a", type: "int", value: 1 }] },
        'spans[0].tags[0].type: "int" instead of string, bool, int64, float64 or binary',
      ],
      [
        { tags: [{ key: "a", type: "bool", value: "yes" }] },
        'spans[0].tags[0].value: "yes" instead of true or false',
      ],
      [{ logs: [{ timestamp: 1, fields: {} }] }, "spans[0].logs[0].fields: an object instead of a list"],
      [
        { references: [{ refType: "COUSIN_OF" }] },
        'spans[0].references[0].refType: "COUSIN_OF" instead of CHILD_OF or FOLLOWS_FROM',
      ],
    ] as const;
    for (const [change, message] of bad) {
      expect(errorsIn({ spans: [{ ...good, ...change }, good], processes })).toEqual([message, ""]);
    }
    expect(errorsIn({ spans: [7, null, good], processes })).toEqual([
      "spans[0]: 7 instead of an object",
      "spans[1]: null instead of an object",
      "",
    ]);
    expect(() => errorsIn({ spans: 7 })).toThrow("spans: 7 instead of a list");
  });

  it("has no other failures, for any JSON", () => {
    const names = fc.constantFrom(
      "traceID",
      "spanID",
      "processID",
      "process",
      "startTime",
      "tags",
      "logs",
      "key",
      "type",
      "value",
      "references",
      "warnings",
      "fields",
      "timestamp",
      "spans",
      "processes",
    );
    const hostile = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, "", "1", "ff", "string", "int64", -1, 1e300, true, 2 ** 53),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(names, tie("any"), { maxKeys: 6 }),
      ),
    })).any;
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(names, hostile)),
        fc.dictionary(names, hostile),
        (spans, processes) => {
          for (const span of otlpOfJaegerJson({ spans, processes })) {
            if (!(span instanceof Uint8Array)) expect(span.error.code).toBe("INVALID_TRACES");
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
