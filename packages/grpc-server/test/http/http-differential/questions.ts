import fc from "fast-check";
import type { Generation } from "./differences.js";
import { baseTime, keys, operations, services, texts, traceIds } from "./spans.js";

/** A path and its query string. */
export type Question = string;

const micros = (nanos: bigint): string => String(nanos / 1000n);
const milli = 1_000_000n;
const day = 86_400_000n * milli;
const at = fc.constantFrom(
  baseTime - day,
  baseTime,
  baseTime + milli,
  baseTime + 60n * milli,
  baseTime + day,
);
const duration = fc.constantFrom("0s", "1ns", "1ms", "1.5us", "20ms", "1m", "1h2m3s");

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });

const service = fc.constantFrom(...services, "nobody");
const tag = fc.tuple(
  fc.constantFrom(...keys, "span.kind", "resource.k"),
  fc.constantFrom(...texts, "server"),
);

function queryString(pairs: readonly (readonly [string, string | undefined])[]): string {
  const given = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  return new URLSearchParams(given.map(([name, value]): [string, string] => [name, value])).toString();
}

const search = fc
  .record({
    service,
    operation: optional(fc.constantFrom(...operations)),
    range: fc.tuple(at, at).map(([a, b]) => (a < b ? [a, b] : [b, a])),
    limit: optional(fc.constantFrom("1", "2", "20", "0", "-3")),
    min: optional(duration),
    max: optional(duration),
    tags: fc.array(tag, { maxLength: 2 }),
    asJson: fc.boolean(),
    raw: optional(fc.constantFrom("true", "0")),
    lookback: optional(fc.constantFrom("1h", "custom")),
  })
  .map(({ range: [start, end], tags, asJson, ...given }): Question => {
    const json = tags.length > 0 && asJson ? JSON.stringify(Object.fromEntries(tags)) : undefined;
    const query = queryString([
      ["service", given.service],
      ["operation", given.operation],
      ["start", micros(start as bigint)],
      ["end", micros(end as bigint)],
      ["limit", given.limit],
      ["minDuration", given.min],
      ["maxDuration", given.max],
      ["raw", given.raw],
      ["lookback", given.lookback],
      ["tags", json],
      ...(json === undefined ? tags.map(([key, value]) => ["tag", `${key}:${value}`] as const) : []),
    ]);
    return `/api/traces?${query}`;
  });

const id = fc
  .tuple(fc.constantFrom(...traceIds, "123"), fc.constantFrom("whole", "short", "upper"))
  .map(([text, form]) =>
    form === "short" ? text.replace(/^0+(?=.)/, "") : form === "upper" ? text.toUpperCase() : text,
  );

const trace = fc
  .record({ id, raw: optional(fc.constantFrom("true", "1", "false")), pretty: optional(fc.constant("true")) })
  .map(({ id: traceId, raw, pretty }): Question => {
    const query = queryString([
      ["raw", raw],
      ["prettyPrint", pretty],
    ]);
    return `/api/traces/${traceId}${query === "" ? "" : `?${query}`}`;
  });

const traces = fc
  .uniqueArray(fc.constantFrom(...traceIds, "123"), { minLength: 1, maxLength: 4 })
  .map((ids): Question => `/api/traces?${queryString(ids.map((one) => ["traceID", one]))}`);

const names = fc.oneof(
  fc.constant("/api/services"),
  // Jaeger 2 decodes this path twice.
  service
    .filter((one) => !/[+%]/.test(one))
    .map((one) => `/api/services/${encodeURIComponent(one)}/operations`),
  fc.tuple(service, optional(fc.constantFrom("server", "client", "internal"))).map(
    ([one, spanKind]) =>
      `/api/operations?${queryString([
        ["service", one],
        ["spanKind", spanKind],
      ])}`,
  ),
);

const dependencies = fc.tuple(at, fc.constantFrom(undefined, "3600000", "172800000"), optional(service)).map(
  ([end, lookback, one]): Question =>
    `/api/dependencies?${queryString([
      ["endTs", String(end / milli)],
      ["lookback", lookback],
      ["service", one],
    ])}`,
);

const wrong = fc.constantFrom<Question>(
  "/api/traces",
  "/api/traces?service=shop&limit=x",
  "/api/traces?service=shop&start=x",
  "/api/traces?service=shop&minDuration=1",
  "/api/traces?service=shop&minDuration=2s&maxDuration=1s",
  "/api/traces?service=shop&tag=x",
  "/api/traces?service=shop&tags=x",
  '/api/traces?service=shop&tags={"a":1}',
  "/api/traces?traceID=xyz",
  "/api/traces/xyz",
  `/api/traces/${"1".repeat(33)}`,
  "/api/operations",
  "/api/dependencies?endTs=x",
  "/api/dependencies?endTs=1&lookback=1h",
  "/api/metrics/calls",
  "/api/metrics/errors?service=shop&spanKind=x",
  "/api/metrics/latencies?service=shop",
);

const v1 = fc.oneof(
  { weight: 10, arbitrary: search },
  { weight: 6, arbitrary: trace },
  { weight: 3, arbitrary: traces },
  { weight: 3, arbitrary: names },
  { weight: 2, arbitrary: dependencies },
  { weight: 2, arbitrary: wrong },
);

const instant = at.map((nanos) => new Date(Number(nanos / milli)).toISOString());
const searchV3 = fc
  .record({
    path: fc.constantFrom("traces", "traces", "trace-summaries"),
    service: optional(service),
    operation: optional(fc.constantFrom(...operations)),
    range: fc.tuple(instant, instant).map(([a, b]) => (a <= b ? [a, b] : [b, a])),
    depth: optional(fc.constantFrom("1", "2", "20")),
    min: optional(duration),
    max: optional(duration),
    tags: fc.array(tag, { maxLength: 2 }),
    raw: optional(fc.constantFrom("true", "false")),
    isOld: fc.boolean(),
  })
  .map(({ path, range: [start, end], tags, isOld, ...given }): Question => {
    const spelled = (name: string) =>
      `query.${isOld ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name}`;
    return `/api/v3/${path}?${queryString([
      [spelled("serviceName"), given.service],
      [spelled("operationName"), given.operation],
      [spelled("startTimeMin"), start],
      [spelled("startTimeMax"), end],
      [spelled("searchDepth"), given.depth],
      [spelled("durationMin"), given.min],
      [spelled("durationMax"), given.max],
      [spelled("rawTraces"), given.raw],
      ["query.attributes", tags.length === 0 ? undefined : JSON.stringify(Object.fromEntries(tags))],
    ])}`;
  });

const v3 = fc.oneof(
  { weight: 6, arbitrary: searchV3 },
  {
    weight: 4,
    arbitrary: fc
      .tuple(id, optional(fc.constantFrom("true", "false")))
      .map(([one, raw]) => `/api/v3/traces/${one}${raw === undefined ? "" : `?rawTraces=${raw}`}`),
  },
  fc.constantFrom(
    "/api/v3/services",
    "/api/v3/traces",
    "/api/v3/traces/xyz",
    "/api/v3/traces?query.startTimeMin=x&query.startTimeMax=y",
    ...services.map((one) => `/api/v3/operations?service=${encodeURIComponent(one)}`),
  ),
);

/**
 * Jaeger 1 has no such `/api/v3`: 1.42 speaks another OTLP, and 1.76 makes it of what it reads in its own model. 1.42
 * knows `raw` of a single trace alone.
 */
export function randomQuestions(seed: number, count: number, generation: Generation): Question[] {
  if (generation === "2.20") return fc.sample(fc.oneof(v1, v1, v3), { seed, numRuns: count });
  const questions = fc.sample(v1, { seed, numRuns: count });
  if (generation === "1.76") return questions;
  return questions.map((question) =>
    question.startsWith("/api/traces?") ? question.replace(/&raw=\w+/, "") : question,
  );
}
