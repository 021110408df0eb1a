import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Json, serve } from "../harness.js";
import {
  type CountedSpan,
  countedSpans,
  exactQuantile,
  minute,
  origin,
  startedBefore,
  writeCounted,
} from "./counted-spans.js";

interface Point {
  readonly at: number;
  readonly value: number;
}

/** The series of an answer by the values of their labels. */
function seriesOf({ metrics = [] }: Json): Map<string, Point[]> {
  const entries = metrics.map(({ labels, metricPoints }: Json): [string, Point[]] => [
    labels.map(({ name, value }: Json) => `${name}=${value}`).join(),
    metricPoints.map(({ gaugeValue, timestamp }: Json) => ({
      at: Date.parse(timestamp),
      value: Number(gaugeValue.doubleValue),
    })),
  ]);
  return new Map(entries);
}

interface Question {
  readonly services: readonly string[];
  readonly kinds: readonly string[] | undefined;
  readonly byOperation: boolean;
  readonly end: number;
  readonly lookback: number;
  readonly step: number;
  readonly ratePer: number;
}

const questions: fc.Arbitrary<Question> = fc.record({
  services: fc.constantFrom(["shop"], ["shop", "cart"], ["a.b"]),
  kinds: fc.constantFrom(undefined, ["client"], ["server", "unspecified"]),
  byOperation: fc.boolean(),
  end: fc.constantFrom(origin, origin - 1, origin - 30 * minute + 30_000),
  lookback: fc.constantFrom(0, 10 * minute, 61 * minute + 500),
  step: fc.constantFrom(20_000, minute, 5 * minute, 7 * minute),
  ratePer: fc.constantFrom(minute, 10 * minute, 90_000),
});

function pathOf(kind: string, asked: Question, more = ""): string {
  const query = new URLSearchParams([
    ...asked.services.map((each): [string, string] => ["service", each]),
    ...(asked.kinds ?? []).map((each): [string, string] => ["spanKind", each]),
    ["groupByOperation", String(asked.byOperation)],
    ["endTs", String(asked.end)],
    ["lookback", String(asked.lookback)],
    ["step", String(asked.step)],
    ["ratePer", String(asked.ratePer)],
  ]);
  return `/api/metrics/${kind}?${query}${more}`;
}

/** What the answer is by counting the spans one by one. */
function expectedOf(
  spans: readonly CountedSpan[],
  asked: Question,
  value: (found: readonly CountedSpan[], minutes: number, all: readonly CountedSpan[]) => number,
): Map<string, Point[]> {
  const minutes = Math.ceil(asked.ratePer / minute);
  const times = Array.from(
    { length: Math.floor(asked.lookback / asked.step) + 1 },
    (_, i) => asked.end - asked.lookback + i * asked.step,
  );
  const kinds = asked.kinds ?? ["server"];
  const keyOf = ({ service, operation }: CountedSpan) =>
    asked.byOperation ? `service_name=${service},operation=${operation}` : `service_name=${service}`;
  const asks = spans.filter(({ service, kind }) => asked.services.includes(service) && kinds.includes(kind));
  const groups = new Map<string, CountedSpan[]>();
  for (const each of asks) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 0];
  const whole = minutes + Math.ceil(last / minute) - Math.ceil(first / minute);
  return new Map(
    [...groups].flatMap(([key, own]): [string, Point[]][] => {
      const all = startedBefore(own, last, whole);
      if (all.length === 0) return [];
      const found = times.map((at) => ({ at, value: value(startedBefore(own, at, minutes), minutes, all) }));
      return [[key, found]];
    }),
  );
}

const isError = ({ status }: CountedSpan): boolean => status === "error";

describe("metrics as Jaeger's UI asks for them", () => {
  it("are what the spans say", async () => {
    await fc.assert(
      fc.asyncProperty(countedSpans, questions, async (spans, asked) => {
        await using served = await serve();
        await writeCounted(served.store, spans);
        const calls = await served.get(pathOf("calls", asked));
        expect(calls.status).toBe(200);
        // A longer step than the window leaves minutes between windows that are read all the same.
        const exact = expectedOf(spans, asked, (found, minutes) => found.length / (minutes * 60));
        expect(byKey(seriesOf(calls.json))).toEqual(byKey(exact));

        const errors = await served.get(pathOf("errors", asked));
        expect(byKey(seriesOf(errors.json))).toEqual(
          byKey(
            expectedOf(spans, asked, (found, _minutes, all) =>
              all.some(isError) ? found.filter(isError).length / found.length : 0,
            ),
          ),
        );

        const latencies = await served.get(pathOf("latencies", asked, "&quantile=0.95"));
        const ranks = expectedOf(spans, asked, (found) => exactQuantile(found, 0.95));
        const got = seriesOf(latencies.json);
        expect([...got.keys()].sort()).toEqual([...ranks.keys()].sort());
        const wrong = [...ranks].flatMap(([key, points]) =>
          points.filter(({ at, value }, i) => {
            const point = got.get(key)?.[i];
            if (point?.at !== at) return true;
            return Number.isNaN(value)
              ? !Number.isNaN(point.value)
              : Math.abs(point.value - value) > value * 0.0055;
          }),
        );
        expect(wrong).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("have the form of a MetricFamily", async () => {
    await using served = await serve({ now: () => origin });
    await writeCounted(served.store, [
      {
        service: "shop",
        operation: "GET /",
        kind: "server",
        status: "error",
        start: origin - 1,
        duration: 5,
      },
      { service: "shop", operation: "GET /", kind: "server", status: "ok", start: origin - 2, duration: 5 },
    ]);
    const asked = "service=shop&lookback=60000&step=60000&ratePer=60000";
    const calls = await served.get(`/api/metrics/calls?${asked}`);
    expect(calls.text).toBe(
      '{"name":"service_call_rate","type":"GAUGE","help":"calls/sec, grouped by service","metrics":[{"labels":[{"name":"service_name","value":"shop"}],' +
        '"metricPoints":[{"gaugeValue":{"doubleValue":0},"timestamp":"2026-05-03T09:59:00Z"},{"gaugeValue":{"doubleValue":0.03333333333333333},"timestamp":"2026-05-03T10:00:00Z"}]}]}',
    );
    const errors = await served.get(`/api/metrics/errors?${asked}&groupByOperation=true`);
    expect(errors.json).toMatchObject({
      name: "service_operation_error_rate",
      help: "error rate, computed as a fraction of errors/sec over calls/sec, grouped by service & operation",
      metrics: [
        {
          labels: [
            { name: "service_name", value: "shop" },
            { name: "operation", value: "GET /" },
          ],
          metricPoints: [{ gaugeValue: { doubleValue: "NaN" } }, { gaugeValue: { doubleValue: 0.5 } }],
        },
      ],
    });
    const latencies = await served.get(`/api/metrics/latencies?${asked}&quantile=0.5&prettyPrint=true`);
    expect(latencies.text).toMatch(/^\{\n {4}"name": "service_latencies",/);
    expect(latencies.json.help).toBe("0.50th quantile latency, grouped by service");
    expect((await served.get("/api/metrics/calls?service=none")).text).toBe(
      '{"name":"service_call_rate","type":"GAUGE","help":"calls/sec, grouped by service"}',
    );
    expect((await served.get("/api/metrics/minstep")).text).toBe(
      '{"data":1,"total":0,"limit":0,"offset":0,"errors":null}',
    );
  });
});

function byKey(series: Map<string, Point[]>): [string, Point[]][] {
  return [...series].sort(([a], [b]) => (a < b ? -1 : 1));
}
