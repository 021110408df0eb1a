import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Json, type Served, serve } from "../harness.js";
import {
  type CountedSpan,
  countedSpans,
  exactQuantile,
  minute,
  origin,
  writeCounted,
} from "./counted-spans.js";

const calls = "traces_span_metrics_calls_total";
const durations = "traces_span_metrics_duration_milliseconds";

type Labels = Readonly<Record<string, string>>;

function labelsOf({ service, operation, kind, status }: CountedSpan): Labels {
  return {
    service_name: service,
    span_name: operation,
    span_kind: `SPAN_KIND_${kind.toUpperCase()}`,
    status_code: `STATUS_CODE_${status.toUpperCase()}`,
  };
}

/** Values of a range by the labels' text, at all steps. */
type Matrix = ReadonlyMap<string, readonly (number | undefined)[]>;

const keyOf = (labels: Labels): string => JSON.stringify(Object.entries(labels).sort());

interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

function timesOf({ start, end, step }: Range): number[] {
  return Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, i) => start + i * step);
}

async function rangeOf(served: Served, query: string, range: Range): Promise<Matrix> {
  const { start, end, step } = range;
  const form = new URLSearchParams({
    query,
    start: String(start / 1000),
    end: String(end / 1000),
    step: `${step}ms`,
  });
  const { status, json, text } = await served.post("/api/v1/query_range", String(form), {
    "content-type": "application/x-www-form-urlencoded",
  });
  expect(status, `${query}: ${text}`).toBe(200);
  expect(json.data.resultType).toBe("matrix");
  const times = timesOf(range);
  return new Map(
    json.data.result.map(({ metric, values }: Json) => {
      const byTime = new Map(values.map(([at, value]: [number, string]) => [at, Number(value)]));
      return [keyOf(metric), times.map((time) => byTime.get(time / 1000))];
    }),
  );
}

async function instantOf(served: Served, query: string, time?: number): Promise<Json> {
  const at = time === undefined ? "" : `&time=${time / 1000}`;
  const { status, json, text } = await served.get(`/api/v1/query?query=${encodeURIComponent(query)}${at}`);
  expect(status, `${query}: ${text}`).toBe(200);
  return json.data;
}

interface Selection {
  readonly matchers: string;
  readonly matches: (labels: Labels) => boolean;
}

const selections: fc.Arbitrary<Selection> = fc.constantFrom<Selection>(
  { matchers: "", matches: () => true },
  { matchers: '{service_name="shop"}', matches: ({ service_name }) => service_name === "shop" },
  { matchers: '{service_name!="shop", }', matches: ({ service_name }) => service_name !== "shop" },
  { matchers: '{service_name=~"shop|cart"}', matches: ({ service_name }) => service_name !== "a.b" },
  { matchers: '{service_name=~"a\\\\.b"}', matches: ({ service_name }) => service_name === "a.b" },
  {
    matchers: '{service_name=~"sh.*", span_kind="SPAN_KIND_SERVER"}',
    matches: (labels) => labels.service_name === "shop" && labels.span_kind === "SPAN_KIND_SERVER",
  },
  {
    matchers: '{span_kind=~"SPAN_KIND_UNSPECIFIED|SPAN_KIND_CLIENT"}',
    matches: ({ span_kind }) => span_kind !== "SPAN_KIND_SERVER",
  },
  { matchers: "{span_name='say \"hi\"'}", matches: ({ span_name }) => span_name === 'say "hi"' },
  {
    matchers: '{status_code!~"STATUS_CODE_(OK|UNSET)"}',
    matches: ({ status_code }) => status_code === "STATUS_CODE_ERROR",
  },
  { matchers: '{job="x"}', matches: () => false },
);

const ranges: fc.Arbitrary<Range> = fc
  .record({
    end: fc.constantFrom(origin, origin - 1, origin - 40 * minute + 30_000),
    length: fc.constantFrom(0, 15 * minute, 60 * minute + 1),
    step: fc.constantFrom(15_000, minute, 3 * minute, 10 * minute),
  })
  .map(({ end, length, step }) => ({ start: end - length, end, step }));

const windows = fc.constantFrom(
  { text: "1m", minutes: 1, part: 1 },
  { text: "5m", minutes: 5, part: 1 },
  { text: "90s", minutes: 2, part: 0.75 },
  { text: "1h10m", minutes: 70, part: 1 },
);

const groupings = fc.constantFrom<{ text: string; labels: readonly string[] }>(
  { text: "", labels: [] },
  { text: "by (service_name)", labels: ["service_name"] },
  { text: "by (service_name, status_code)", labels: ["service_name", "status_code"] },
  { text: "without (span_name, span_kind)", labels: ["service_name", "status_code"] },
);

const offsets = fc.constantFrom({ text: "", millis: 0 }, { text: "offset 10m", millis: 10 * minute });

interface Asked {
  readonly selection: Selection;
  readonly range: Range;
  readonly window: { readonly minutes: number; readonly part: number };
  readonly offset: { readonly millis: number };
}

/** The spans of each group, and those in the window of each step; a group with no span in what is read is none. */
function groupsOf(
  spans: readonly CountedSpan[],
  { selection, range, window, offset }: Asked,
  by: readonly string[],
): Map<string, CountedSpan[][]> {
  const ends = timesOf(range).map((time) => Math.ceil((time - offset.millis) / minute) * minute);
  const length = window.minutes * minute;
  const [first, last] = [ends[0] ?? 0, ends.at(-1) ?? 0];
  const groups = new Map<string, CountedSpan[]>();
  for (const span of spans) {
    const labels = labelsOf(span);
    if (!selection.matches(labels) || span.start < first - length || span.start >= last) continue;
    const key = keyOf(Object.fromEntries(by.map((label) => [label, labels[label] ?? ""])));
    groups.set(key, [...(groups.get(key) ?? []), span]);
  }
  const inWindow = (group: CountedSpan[]) =>
    ends.map((end) => group.filter(({ start }) => start >= end - length && start < end));
  return new Map([...groups].map(([key, group]) => [key, inWindow(group)]));
}

const isError = ({ status }: CountedSpan): boolean => status === "error";

const allLabels = ["service_name", "span_name", "span_kind", "status_code"];

function expectAlike(got: Matrix, expected: Matrix, what: string, within = 1e-9): void {
  expect([...got.keys()].sort(), what).toEqual([...expected.keys()].sort());
  const wrong = [...expected].flatMap(([key, values]) =>
    values.flatMap((value, i) => {
      const other = got.get(key)?.[i];
      return isAlike(other, value, within) ? [] : [`${key} at step ${i} is ${other}, not ${value}`];
    }),
  );
  expect(wrong, what).toEqual([]);
}

function isAlike(a: number | undefined, b: number | undefined, within: number): boolean {
  if (a === undefined || b === undefined || Number.isNaN(b)) return Object.is(a, b);
  return Math.abs(a - b) <= Math.abs(b) * within + 1e-12;
}

function valuesOf(groups: Map<string, CountedSpan[][]>, value: (spans: CountedSpan[]) => number): Matrix {
  return new Map([...groups].map(([key, steps]) => [key, steps.map(value)]));
}

describe("PromQL over the stored spans", () => {
  it("gives the same counts as counting the spans one by one", async () => {
    await fc.assert(
      fc.asyncProperty(
        countedSpans,
        selections,
        ranges,
        windows,
        offsets,
        groupings,
        async (spans, selection, range, window, offset, grouping) => {
          await using served = await serve();
          await writeCounted(served.store, spans);
          const asked = { selection, range, window, offset };
          const selector = (metric: string) =>
            `${metric}${selection.matchers}[${window.text}] ${offset.text}`;
          const seconds = window.minutes * 60;
          const ask = async (query: string, expected: Matrix, within?: number): Promise<void> =>
            expectAlike(await rangeOf(served, query, range), expected, query, within);

          const single = groupsOf(spans, asked, allLabels);
          await ask(
            `rate(${selector(calls)})`,
            valuesOf(single, (found) => found.length / seconds),
          );
          await ask(
            `increase(${selector(`${durations}_count`)})`,
            valuesOf(single, (found) => found.length * window.part),
          );
          await ask(
            `increase(${selector(`${durations}_sum`)})`,
            valuesOf(single, (found) => found.reduce((sum, { duration }) => sum + duration, 0) * window.part),
            0.0055,
          );
          const groups = groupsOf(spans, asked, grouping.labels);
          await ask(
            `sum ${grouping.text} (rate(${selector(calls)}))`,
            valuesOf(groups, (found) => found.length / seconds),
          );
          await ask(
            `count(increase(${selector(calls)})) ${grouping.text}`,
            new Map(
              [...groups].map(([key, steps]) => [
                key,
                steps.map(() => seriesIn(single, key, grouping.labels)),
              ]),
            ),
          );
          await ask(
            `max ${grouping.text} (increase(${selector(calls)}))`,
            new Map(
              [...groups].map(([key, steps]) => [
                key,
                steps.map((_, i) =>
                  Math.max(
                    ...members(single, key, grouping.labels).map(
                      (each) => (each[i]?.length ?? 0) * window.part,
                    ),
                  ),
                ),
              ]),
            ),
          );
          if (selection.matchers === "" && !grouping.labels.includes("status_code")) {
            const errors = `sum(rate(${calls}{status_code="STATUS_CODE_ERROR"}[${window.text}] ${offset.text}))`;
            const withErrors = groupsOf(spans.filter(isError), asked, grouping.labels);
            await ask(
              `${errors} ${grouping.text} / sum(rate(${selector(calls)})) ${grouping.text}`,
              new Map(
                [...valuesOf(groups, (found) => found.filter(isError).length / found.length)].filter(
                  ([key]) => withErrors.has(key),
                ),
              ),
            );
          }
          const le = grouping.text.replace("by (", "by (le, ") || "by (le)";
          await ask(
            `histogram_quantile(0.9, sum ${le} (rate(${selector(`${durations}_bucket`)})))`,
            valuesOf(groups, (found) => exactQuantile(found, 0.9)),
            0.0055,
          );
          const upTo = selection.matchers.replace(/^$|,? ?}$/, (end) =>
            end === "" ? '{le="100"}' : ',le="100"}',
          );
          await ask(
            `sum by (${grouping.labels}) (increase(${durations}_bucket${upTo}[${window.text}] ${offset.text}))`,
            valuesOf(groups, (found) => found.filter(({ duration }) => duration <= 100).length * window.part),
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  it("gives the same values at one time as in a range", async () => {
    await fc.assert(
      fc.asyncProperty(countedSpans, ranges, async (spans, range) => {
        await using served = await serve();
        await writeCounted(served.store, spans);
        const query = `sum by (service_name) (rate(${calls}[5m])) > 0`;
        const matrix = await rangeOf(served, query, range);
        for (const [i, time] of timesOf(range).entries()) {
          if (i % 17 !== 0) continue;
          const { result } = await instantOf(served, query, time);
          const there = [...matrix].flatMap(([key, values]) =>
            values[i] === undefined ? [] : [[key, values[i]]],
          );
          expect(result.map(({ metric, value }: Json) => [keyOf(metric), Number(value[1])])).toEqual(there);
        }
      }),
      { numRuns: 20 },
    );
  });
});

/** The steps of the series within a group. */
function members(
  single: Map<string, CountedSpan[][]>,
  key: string,
  by: readonly string[],
): CountedSpan[][][] {
  return [...single]
    .filter(([own]) => {
      const labels = Object.fromEntries(JSON.parse(own));
      return keyOf(Object.fromEntries(by.map((label) => [label, labels[label]]))) === key;
    })
    .map(([, steps]) => steps);
}

function seriesIn(single: Map<string, CountedSpan[][]>, key: string, by: readonly string[]): number {
  return members(single, key, by).length;
}

const shop = { service: "shop", operation: "GET /", kind: "server" } as const;
const five: readonly CountedSpan[] = [
  { ...shop, status: "error", start: origin - 1, duration: 5 },
  { ...shop, status: "ok", start: origin - 2, duration: 5 },
  { ...shop, status: "ok", start: origin - minute, duration: 900 },
  {
    service: "cart",
    operation: "add",
    kind: "client",
    status: "unset",
    start: origin - 2 * minute,
    duration: 100,
  },
  { ...shop, status: "ok", start: origin - 11 * 60 * minute, duration: 5 },
];

async function filled(): Promise<Served> {
  const served = await serve({ now: () => origin });
  await writeCounted(served.store, five);
  return served;
}

describe("an expression at one time", () => {
  it.each<[string, unknown]>([
    ["1 + 2 * 3 ^ 2 % 4", "3"],
    ["-(5 - 2) / 2", "-1.5"],
    ["1 > bool 2", "0"],
    ["5m", "300"],
    ["1 / 0", "+Inf"],
    ["0 / 0", "NaN"],
    ["time()", String(origin / 1000)],
    ["scalar(vector(7))", "7"],
    ["scalar(none)", "NaN"],
    ["vector(3) > 2", [[{}, "3"]]],
    ["2 < vector(3)", [[{}, "3"]]],
    ["vector(3) > 4", []],
    ["none", []],
    ["sum(none) or vector(0)", [[{}, "0"]]],
    ["clamp_max(vector(9), 4)", [[{}, "4"]]],
    ["round(vector(2.5))", [[{}, "3"]]],
    [`count(${calls})`, [[{}, "3"]]],
    ["group(vector(9))", [[{}, "1"]]],
    // Since midnight in UTC, which is ten hours ago.
    [
      `sum by (service_name) (${calls})`,
      [
        [{ service_name: "cart" }, "1"],
        [{ service_name: "shop" }, "3"],
      ],
    ],
    [`sum(increase(${calls}[1d]))`, [[{}, "5"]]],
    [`sum(irate(${calls}[5m])) * 60`, [[{}, "3"]]],
    [`sum(increase(${calls}[5m])) - on () vector(1)`, [[{}, "3"]]],
    [`topk(1, sum by (service_name) (increase(${calls}[5m])))`, [[{ service_name: "shop" }, "3"]]],
    [`bottomk(1, sum by (service_name) (increase(${calls}[5m])))`, [[{ service_name: "cart" }, "1"]]],
    [
      `sort_desc(sum by (service_name) (increase(${calls}[5m])))`,
      [
        [{ service_name: "shop" }, "3"],
        [{ service_name: "cart" }, "1"],
      ],
    ],
    [
      `sum by (service_name) (increase(${calls}[5m])) and on (service_name) sum by (service_name, span_kind) (increase(${calls}{span_kind="SPAN_KIND_CLIENT"}[5m]))`,
      [[{ service_name: "cart" }, "1"]],
    ],
    [
      `sum by (service_name) (increase(${calls}[5m])) unless sum by (service_name) (increase(${calls}{service_name="cart"}[5m]))`,
      [[{ service_name: "shop" }, "3"]],
    ],
    [
      `sum by (service_name) (increase(${calls}{service_name="shop"}[5m])) == ignoring (service_name) vector(3)`,
      [[{}, "3"]],
    ],
    [
      `sum by (le) (increase(${durations}_bucket{le=~"4|100|[+]Inf"}[5m]))`,
      [
        [{ le: "+Inf" }, "4"],
        [{ le: "100" }, "3"],
        [{ le: "4" }, "0"],
      ],
    ],
    [
      `sum(increase({__name__=~".*calls.*|.*_count",service_name="cart"}[5m]) + 0) or vector(-1)`,
      "several metrics",
    ],
    ["histogram_quantile(2, none)", []],
    [`histogram_quantile(2, sum by (le) (rate(${durations}_bucket[5m])))`, [[{}, "+Inf"]]],
    [`avg(increase(${calls}{service_name="shop"}[5m]))`, [[{}, "1.5"]]],
    [`min(increase(${calls}{service_name="shop"}[5m]))`, [[{}, "1"]]],
    [`-abs(-sum(increase(${calls}[5m])))`, [[{}, "-4"]]],
  ])("%s", async (query, expected) => {
    await using served = await filled();
    if (expected === "several metrics") {
      const { json } = await served.get(`/api/v1/query?query=${encodeURIComponent(query)}`);
      expect(json.error).toMatch(/^query: 1:5: series of several metrics have the same labels/);
      return;
    }
    const { resultType, result } = await instantOf(served, query);
    if (resultType === "scalar") expect(result).toEqual([origin / 1000, expected]);
    else expect(result.map(({ metric, value }: Json) => [metric, value[1]])).toEqual(expected);
  });

  it.each<[string, string]>([
    ["", "query: 1:1: there is no expression"],
    ["foo{", "query: 1:5: the query ends too early"],
    ["sum(foo)) + 1", 'query: 1:9: ") + 1" is not expected'],
    [
      "1 +\n deriv(foo[5m])",
      "query: 2:2: function deriv is not evaluated here (allowed are rate, increase, irate",
    ],
    ["quantile(0.5, foo)", "query: 1:1: quantile is not evaluated here (allowed are sum, avg"],
    ["rate(foo[5m:1m])", "query: 1:6: a subquery is not evaluated here"],
    ["foo @ 5", "query: 1:1: the modifier @ is not evaluated here"],
    ["rate(foo)", "query: 1:6: rate takes a range here, and not a vector"],
    ["foo[5m]", "query: 1:1: a range of counters is no answer"],
    ["sum(1)", "query: 1:5: sum takes a vector here, and not a scalar"],
    ["foo / on (a) group_left foo", "query: 1:14: group_left is not evaluated here"],
    ["1 > 2", "query: 1:3: a comparison of two numbers takes bool"],
    ["foo and 1", "query: 1:5: and takes vectors alone"],
    ["foo atan2 foo", "query: 1:5: operator atan2 is not evaluated here"],
    ["foo + bool foo", "query: 1:5: bool stands after comparisons alone"],
    ['foo + "a"', "query: 1:7: + takes vectors and numbers, and not a text"],
    ['foo{a=~"("}', "query: 1:8: the pattern is no RE2"],
    ['foo{a=~"a)|(b"}', "query: 1:8: the pattern is no RE2"],
    ['{a=""}', "query: 1:1: a selector names a metric or the value of a label"],
    ["foo[0s]", "query: 1:5: a range is above 0"],
    ["rate(foo[step()])", "query: 1:10: step() is no length of time"],
    ["rate(foo)[5m]", "query: 1:1: a range or an offset stands behind a selector"],
    ['foo{a="\\q"}', "query: 1:7: the text does not end, or has an unknown escape"],
    [`${"(".repeat(200)}1${")".repeat(200)}`, "is nested deeper than 100 levels"],
    [Array.from({ length: 40 }, () => "foo").join("+"), "the query has more than 32 selectors"],
    [`sum(${"x".repeat(17_000)})`, "has more than 16384 characters"],
    [`histogram_quantile(0.9, rate(${durations}_bucket{le="4"}[5m]))`, "histogram_quantile takes buckets"],
    [
      `sum by (service_name, status_code) (increase(${calls}[5m])) / ignoring (status_code) sum by (service_name) (increase(${calls}[5m]))`,
      'several elements of one side have the labels {"service_name":"shop"}',
    ],
  ])("refuses %s", async (query, message) => {
    await using served = await filled();
    const answer = await served.post("/api/v1/query", String(new URLSearchParams({ query })), {
      "content-type": "application/x-www-form-urlencoded",
    });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ status: "error", errorType: "bad_data" });
    if (query !== "") expect(answer.json.error).toContain(message);
  });
});
