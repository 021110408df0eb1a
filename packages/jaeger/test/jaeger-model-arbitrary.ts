import fc from "fast-check";
import type {
  JaegerLog,
  JaegerProcess,
  JaegerReference,
  JaegerSpan,
  JaegerTag,
  JaegerTime,
} from "./jaeger-model-codec.js";

/** Jaeger spans of every shape that Jaeger's own decoder accepts, including many that no client sends. */

/** The keys that the translation knows, those it makes, and a few similar ones. */
const keys = fc.constantFrom(
  "",
  "a",
  "b",
  "span.kind",
  "error",
  "otel.status_code",
  "otel.status_description",
  "http.status_code",
  "http.status_message",
  "w3c.tracestate",
  "otel.scope.name",
  "otel.scope.version",
  "otel.library.name",
  "@jaeger@warnings",
  "event",
  "message",
  "service.name",
  "hostname",
  "host.name",
  "jaeger.version",
  "opencensus.exporterversion",
  "opentracing.ref_type",
  "span.kinD",
  "internal.span.format",
);

const words = fc.constantFrom(
  "",
  "client",
  "server",
  "producer",
  "consumer",
  "internal",
  "SERVER",
  "OK",
  "ERROR",
  "ok",
  "eRRor",
  "UNSET",
  "true",
  "200",
  "404",
  "+503",
  "-1",
  "000000000000000000000000404",
  "9223372036854775808",
  "Go-2.30.0",
  "OTLPResourceNoServiceName",
  "a=b,c=d",
  "\0",
  "\ufeff😀",
);
const text = fc.oneof({ weight: 3, arbitrary: words }, fc.string({ unit: "binary", maxLength: 12 }));
const key = fc.oneof({ weight: 5, arbitrary: keys }, fc.string({ maxLength: 3 }));

/** Unknown fields: a varint, a text, eight bytes. */
const unknown = fc.constantFrom(
  Uint8Array.of(0xc0, 0x3e, 0xff, 0x01),
  Uint8Array.of(0xd2, 0x3e, 2, 0xff, 0x00),
  Uint8Array.of(0xc9, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8),
);
const never = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 30, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const orAbsent = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 8 });

/** An object without its undefined properties. */
function record<T>(model: { [K in keyof T]-?: fc.Arbitrary<T[K] | undefined> }): fc.Arbitrary<T> {
  return fc
    .record(model as Record<string, fc.Arbitrary<unknown>>)
    .map((value) => Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T);
}

const int64 = fc.oneof(
  fc.constantFrom(0n, 1n, 200n, 399n, 400n, 404n, 499n, 500n, -1n, -(1n << 63n), (1n << 63n) - 1n, 1n << 32n),
  fc.bigInt(-(1n << 63n), (1n << 63n) - 1n),
);
const double = fc.oneof(fc.constantFrom(0, -0, 0.5, Number.NaN, Number.POSITIVE_INFINITY), fc.double());
const blob = fc.uint8Array({ maxLength: 9 }).map((bytes) => Uint8Array.from(bytes));

const value: fc.Arbitrary<JaegerTag> = fc.oneof(
  { weight: 4, arbitrary: text.map((str) => ({ str })) },
  text.map((str) => ({ type: 0, str })),
  { weight: 2, arbitrary: fc.boolean().map((bool) => ({ type: 1, bool })) },
  { weight: 2, arbitrary: int64.map((int) => ({ type: 2, int })) },
  double.map((number) => ({ type: 3, double: number })),
  blob.map((binary) => ({ type: 4, binary })),
  fc.constantFrom(0, 1, 2, 3, 4).map((type) => ({ type })),
  fc.constantFrom(5, -1, 2147483647).map((type) => ({ type, str: "x" })),
);
/** A tag; it may also have values of other types than the declared one. */
const mixedValue: fc.Arbitrary<JaegerTag> = record<JaegerTag>({
  key: fc.constant(undefined),
  type: fc.constantFrom(undefined, 0, 1, 2, 3, 4, 5),
  str: orAbsent(text),
  bool: orAbsent(fc.boolean()),
  int: orAbsent(int64),
  double: orAbsent(double),
  binary: orAbsent(blob),
  unknown: never(unknown),
});
const tag: fc.Arbitrary<JaegerTag> = fc
  .tuple(
    never(fc.constant(true)),
    key,
    fc.oneof({ weight: 20, arbitrary: value }, { weight: 1, arbitrary: mixedValue }),
  )
  .map(([keyless, name, rest]) => (keyless ? rest : { key: name, ...rest }));
const tags = fc.oneof(
  { weight: 8, arbitrary: fc.array(tag, { maxLength: 7 }) },
  { weight: 1, arbitrary: fc.array(tag, { minLength: 45, maxLength: 60 }) },
);

/** Tags of real clients, in their order, so that the usual cases are frequent too. */
const usualTags: fc.Arbitrary<JaegerTag[]> = fc.shuffledSubarray<JaegerTag>([
  { key: "span.kind", str: "server" },
  { key: "http.method", str: "GET" },
  { key: "http.status_code", type: 2, int: 500n },
  { key: "error", type: 1, bool: true },
  { key: "component", str: "net/http" },
  { key: "sampler.param", type: 1, bool: true },
  { key: "otel.status_code", str: "ERROR" },
  { key: "otel.status_description", str: "broken" },
  { key: "w3c.tracestate", str: "a=b" },
  { key: "otel.scope.name", str: "lib" },
  { key: "otel.scope.version", str: "1" },
  { key: "internal.span.format", str: "proto" },
]);

const traceId = fc.oneof(
  fc.constantFrom(
    Uint8Array.of(...Array(15).fill(0), 1),
    Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1),
    new Uint8Array(16),
  ),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Uint8Array.from(bytes)),
);
const spanId = fc.constantFrom(
  Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2),
  Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 3),
  Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  new Uint8Array(8),
);

const seconds = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt(0n, 4_000_000_000n) },
  fc.constantFrom(
    0n,
    -1n,
    // A multiple of 2^32 nanoseconds.
    -8_388_608n,
    -62_135_596_800n,
    253_402_300_799n,
    9_223_372_036n,
    9_223_372_037n,
    -9_223_372_037n,
  ),
  fc.bigInt(-62_135_596_800n, 253_402_300_799n),
);
const nanos = fc.oneof(
  fc.constantFrom(0, 1, 999, 1000, 999_999_999, 854_775_807, 854_775_808),
  fc.nat(999_999_999),
);
const instant: fc.Arbitrary<JaegerTime | undefined> = orAbsent(
  record<JaegerTime>({ seconds: orAbsent(seconds), nanos: orAbsent(nanos) }),
);
const duration: fc.Arbitrary<JaegerTime | undefined> = orAbsent(
  fc.oneof(
    record<JaegerTime>({ seconds: orAbsent(fc.bigInt(0n, 9_223_372_035n)), nanos: orAbsent(nanos) }),
    record<JaegerTime>({ seconds: orAbsent(fc.bigInt(0n, 10n)), nanos: orAbsent(nanos) }),
    fc.record({ seconds: fc.bigInt(-9_223_372_035n, 0n), nanos: nanos.map((value) => -value) }),
    fc.constantFrom<JaegerTime>(
      { seconds: 9_223_372_036n, nanos: 854_775_807 },
      { seconds: -9_223_372_036n },
    ),
  ),
);

const reference: fc.Arbitrary<JaegerReference> = record<JaegerReference>({
  traceId: orAbsent(traceId),
  spanId: orAbsent(spanId),
  type: fc.constantFrom(undefined, undefined, 0, 1, 1, 7),
  unknown: never(unknown),
});

const log: fc.Arbitrary<JaegerLog> = record<JaegerLog>({
  timestamp: instant,
  fields: fc.oneof(
    tags,
    fc.shuffledSubarray<JaegerTag>([
      { key: "event", str: "error" },
      { key: "message", str: "it broke" },
      { key: "stack", str: "at one\nat two" },
    ]),
  ),
  unknown: never(unknown),
});

const process: fc.Arbitrary<JaegerProcess> = record<JaegerProcess>({
  serviceName: orAbsent(text),
  tags: fc.oneof(
    tags,
    fc.shuffledSubarray<JaegerTag>([
      { key: "hostname", str: "host-1" },
      { key: "ip", str: "10.0.0.1" },
      { key: "jaeger.version", str: "Go-2.30.0" },
    ]),
  ),
  unknown: never(unknown),
});

export const jaegerSpan: fc.Arbitrary<JaegerSpan> = record<JaegerSpan>({
  traceId: orAbsent(traceId),
  spanId: orAbsent(spanId),
  operationName: orAbsent(text),
  references: fc.array(reference, { maxLength: 4 }),
  flags: fc.constantFrom(undefined, 0, 1, 3, 255, 256, 0xffffffff),
  startTime: instant,
  duration,
  tags: fc.oneof(tags, usualTags),
  logs: fc.array(log, { maxLength: 3 }),
  process: orAbsent(process),
  processId: never(fc.constantFrom("", "p1")),
  warnings: orAbsent(fc.array(text, { maxLength: 3 })),
  unknown: never(unknown),
});
