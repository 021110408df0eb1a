import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Span, StatusCode, type TracesData } from "../../src/index.js";
import { plain } from "../../src/text/plain.js";
import { table } from "../../src/text/table.js";
import { formatTimeSpan, parseTime, parseTimeSpan } from "../../src/text/times.js";
import { formatInstant, formatSize, formatWholeSize, parseSize } from "../../src/text/units.js";
import { waterfall } from "../../src/text/waterfall.js";

const span = (spanId: string, parentSpanId: string, name: string, start: bigint, end: bigint): Span => ({
  traceId: "0".repeat(31).concat("1"),
  spanId,
  parentSpanId,
  name,
  startTimeUnixNano: start,
  endTimeUnixNano: end,
});

const tracesOf = (spans: readonly Span[], service = "s"): TracesData => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
      scopeSpans: [{ spans }],
    },
  ],
});

describe("the waterfall", () => {
  it("draws one tree for all chunks, with spans without their parent at the top", () => {
    const root = {
      ...span("a", "", "root", 0n, 40_000_000n),
      status: { code: StatusCode.error, message: "no" },
    };
    const back = [
      span("c", "b", "leaf", 20_000_000n, 30_000_000n),
      span("b", "a", "middle", 10_000_000n, 40_000_000n),
    ];
    const front = [root, span("d", "gone", "late", 39_000_000n, 39_000_000n)];
    expect(waterfall([tracesOf(back, "back"), tracesOf(front, "front")])).toEqual([
      "SERVICE  SPAN      TIME                                        DURATION",
      "front    root      |xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|   40.0 ms  error: no",
      "back       middle  |          ==============================|   30.0 ms",
      "back         leaf  |                    ==========          |   10.0 ms",
      "front    late      |                                       =|    0.0 ms",
    ]);
  });

  it("escapes control characters", () => {
    const [, line = ""] = waterfall([tracesOf([span("a", "", "x\u001b[2J\ny\u202e", 0n, 1n)])]);
    expect(line).toContain("x\\u001b[2J\\ny\\u202e");
  });

  it("shows each span once, with any parents: cycles, shared ids, chains of any depth", () => {
    const id = fc.constantFrom("", "a", "b", "c", "d", "e");
    const spans = fc.array(fc.tuple(id, id, fc.nat(1000), fc.nat(1000)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(spans, (given) => {
        const all = given.map(([own, parent, start, length], i) =>
          span(own, parent, `n${i}.`, BigInt(start), BigInt(start + length)),
        );
        const lines = waterfall([tracesOf(all)]).slice(1);
        expect(lines).toHaveLength(all.length);
        for (const { name } of all)
          expect(lines.filter((line) => line.includes(` ${name} `))).toHaveLength(1);
      }),
    );
    const chain = Array.from({ length: 5_000 }, (_, i) =>
      span(`${i}`, `${i - 1}`, `${i}`, BigInt(i), BigInt(i)),
    );
    expect(waterfall([tracesOf(chain)])).toHaveLength(5_001);
  });
});

it("aligns characters that take two columns", () => {
  expect(
    table(
      [{ title: "A" }, { title: "B", right: true }],
      [
        ["搜索", "1"],
        ["abc", "22"],
      ],
    ),
  ).toEqual(["A      B", "搜索   1", "abc   22"]);
});

it("lets no control character through", () => {
  expect(plain("résumé 搜索 😀")).toBe("résumé 搜索 😀");
  const text = fc.array(fc.nat(0x2100)).map((codes) => String.fromCharCode(...codes));
  fc.assert(
    fc.property(text, (hostile) => {
      expect(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(plain(hostile))).toBe(false);
    }),
  );
});

describe("times", () => {
  it.each([
    ["2026-11-21T17:05:52.000000001Z", 1_795_280_752_000_000_001n],
    ["2026-11-21T18:05:52+01:00", 1_795_280_752_000_000_000n],
    ["2026-11-21", 1_795_219_200_000_000_000n],
    ["1795280752", 1_795_280_752_000_000_000n],
    ["1795280752.25", 1_795_280_752_250_000_000n],
    ["1795280752250", 1_795_280_752_250_000_000n],
    ["1795280752250001", 1_795_280_752_250_001_000n],
    ["1795280752250001002", 1_795_280_752_250_001_002n],
    ["0", 0n],
    ["yesterday", undefined],
    ["2026-13-01", undefined],
    ["1795280752250001.5", undefined],
  ])("%s", (text, expected) => {
    expect(parseTime(text)).toBe(expected);
  });

  it.each([
    ["90s", 90_000_000_000n],
    ["1h30m", 5_400_000_000_000n],
    ["7d", 604_800_000_000_000n],
    ["1w1d1.5h", 696_600_000_000_000n],
    ["1.5d", 129_600_000_000_000n],
    ["1h1d", 90_000_000_000_000n],
    ["1d-1h", undefined],
    ["1constructor", undefined],
    ["7", undefined],
    ["", undefined],
  ])("%s long", (text, expected) => {
    expect(parseTimeSpan(text)).toBe(expected);
  });

  it("reads back the time spans and sizes that it writes", () => {
    const nanos = fc.oneof(
      fc.bigInt(0n, (1n << 63n) - 1n),
      fc
        .tuple(fc.nat(100), fc.constantFrom(1n, 1000n, 60_000_000_000n, 86_400_000_000_000n))
        .map(([n, unit]) => BigInt(n) * unit),
    );
    fc.assert(
      fc.property(nanos, (nano) => {
        expect(parseTimeSpan(formatTimeSpan(nano))).toBe(nano);
      }),
    );
    expect([5_400_000_000_000n, 604_800_000_000_000n, 1_500_000n, 0n].map(formatTimeSpan)).toEqual([
      "90m",
      "7d",
      "1500us",
      "0s",
    ]);
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom(1, 1024, 2 ** 20, 2 ** 40), (n, unit) => {
        const bytes = (n % 4096) * unit;
        expect(parseSize(formatWholeSize(bytes))).toBe(bytes);
      }),
    );
  });

  it.each([
    ["64MiB", 64 * 2 ** 20],
    ["1.5 GiB", 1.5 * 2 ** 30],
    ["10kB", 10_000],
    ["1TB", 1e12],
    ["4096", 4096],
    ["7b", 7],
    ["0.1MiB", 104_858],
    ["-1", undefined],
    ["1 Mi", undefined],
    ["MiB", undefined],
    ["9007199254740993", undefined],
    ["", undefined],
  ])("%s of bytes", (given, expected) => {
    expect(parseSize(given)).toBe(expected);
  });

  it("reads back the instants that it writes", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 64n) - 1n), (time) => {
        expect(parseTime(formatInstant(time))).toBe(time);
      }),
    );
    expect(formatSize(1536)).toBe("1.5 KiB");
  });
});
