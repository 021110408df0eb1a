import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { parseWatchFile } from "../src/index.js";

const whole = `
alertmanager: http://localhost:9093
webhook: [https://example.com/hook, http://localhost:1/other]
link: https://traces.example.com/trace/{traceId}
watches:
  - name: PaymentFails
    filter: '{ resource.service.name = "payment" && status = error }'
    by: [service, operation, span.http.route]
    keep_firing: 10m
    labels: { severity: page, level: 1 }
    annotations: { summary: "{{ service }} fails, as {{ traceId }}" }
  - name: CheckoutSlow
    metric: p99
    filter: '{ resource.service.name = "checkout" }'
    over: 10m
    above: 800ms
    for: 2m
  - name: TooManyErrors
    metric: error_ratio
    above: 5%
  - name: Silence
    metric: calls
    by: []
    below: 1
    tenant: acme
`;

/** The problems of a watch with these keys. */
function problemsOf(watch: object, rest: object = {}): string[] {
  const text = stringify({ ...rest, watches: [watch] });
  return (parseWatchFile(text, "w.yaml").problems ?? []).map(({ message }) => message);
}

const errors = { name: "Errors", filter: "{ status = error }" };
const slow = { name: "Slow", metric: "p99", above: "1s" };

describe("a file of watches", () => {
  it("is read with its defaults", () => {
    const { file, problems } = parseWatchFile(whole, "w.yaml");
    expect(problems).toBeUndefined();
    expect(file?.receivers).toEqual([
      { kind: "alertmanager", url: "http://localhost:9093" },
      { kind: "webhook", url: "https://example.com/hook" },
      { kind: "webhook", url: "http://localhost:1/other" },
    ]);
    expect(file?.watches).toMatchObject([
      { kind: "spans", keepFiringMillis: 600_000, labels: { severity: "page", level: "1" } },
      {
        kind: "metric",
        metric: { kind: "latency", quantile: 0.99 },
        threshold: 8e8,
        overMinutes: 10,
        forMillis: 120_000,
      },
      { kind: "metric", comparison: "above", threshold: 0.05, overMinutes: 5, forMillis: 0, by: ["service"] },
      { kind: "metric", comparison: "below", threshold: 1, tenant: "acme", by: [] },
    ]);
  });

  it.each([
    [{}, ["w.yaml:2: watches[0].name must be a text"]],
    [
      { ...errors, filter: "{ status = }" },
      [expect.stringMatching(/^w\.yaml:3: watches\[0\]\.filter is "\{ status = \}": /)],
    ],
    [
      { ...errors, by: ["service", "nothing here"] },
      [
        expect.stringContaining(
          'w.yaml:6: watches[0].by[1] is "nothing here": is no label; allowed are service, operation,',
        ),
      ],
    ],
    [
      { ...errors, labels: { "a b": "c" } },
      [expect.stringContaining("must have letters, digits and underscores")],
    ],
    [
      { ...errors, labels: { service: "c" } },
      ["w.yaml:4: watches[0].labels gives the label service a second time"],
    ],
    [
      { ...errors, annotations: { summary: "{{ nothing }}" } },
      [
        'w.yaml:5: watches[0].annotations.summary is "{{ nothing }}": has {{ nothing }}; allowed are alertname, tenant, service, value, matches, traceId',
      ],
    ],
    [{ ...errors, for: "1m" }, ['w.yaml:4: watches[0].for is "1m": needs a metric beside it']],
    [
      { ...errors, keep_firing: "1ms" },
      ['w.yaml:4: watches[0].keep_firing is "1ms": must be a length of time from 1s to 7d, for example 5m'],
    ],
    [
      { ...errors, filters: "x" },
      [expect.stringMatching(/^w\.yaml:4: watches\[0\]\.filters is "x": is unknown; allowed are name, /)],
    ],
    [
      { ...slow, above: "fast" },
      ['w.yaml:4: watches[0].above is "fast": must be a length of time, for example 800ms'],
    ],
    [{ ...slow, above: 3 }, ["w.yaml:4: watches[0].above is 3: must be a length of time, for example 800ms"]],
    [{ ...slow, below: "1s" }, ["w.yaml:2: watches[0] needs one of above and below beside the metric"]],
    [
      { ...slow, metric: "p100" },
      [expect.stringContaining('watches[0].metric is "p100": must be calls, errors,')],
    ],
    [
      { ...slow, metric: "error_ratio", above: "500%" },
      ['w.yaml:4: watches[0].above is "500%": must be a ratio from 0 to 1, or a percentage, for example 5%'],
    ],
    [
      { ...slow, over: "90s" },
      ['w.yaml:5: watches[0].over is "90s": must be whole minutes from 1m to 1d, for example 5m'],
    ],
    [
      { ...slow, by: ["span.http.route"] },
      [expect.stringContaining("read service, operation (name), kind and status alone")],
    ],
    [
      { ...slow, filter: "{ span.a = 1 }" },
      [expect.stringContaining("read service, operation (name), kind and status alone")],
    ],
  ])("refuses %j with the line, the field, the value and what is allowed", (watch, expected) => {
    expect(problemsOf(watch)).toEqual(expected);
  });

  it("refuses a name twice, receivers and links that are none, and a file that is no map", () => {
    const twice = stringify({ watches: [errors, errors] });
    expect(parseWatchFile(twice, "w.yaml").problems).toMatchObject([
      { code: "INVALID_OPTIONS", field: "watches[1].name", position: { line: 5 } },
    ]);
    expect(problemsOf(errors, { alertmanager: "localhost:9093" })).toEqual([
      'w.yaml:1: alertmanager is "localhost:9093": must be a URL or a list of URLs, for example http://localhost:9093',
    ]);
    expect(problemsOf(errors, { link: "http://x/" })).toEqual([
      'w.yaml:1: link is "http://x/": must be a URL with {traceId} in it',
    ]);
    for (const text of ["", "3", "[]", "watches: {}", "watches: [1]", "a: [", "watches: [*a]", "\u0000"]) {
      const { problems } = parseWatchFile(text, "w.yaml");
      expect(problems?.length, text).toBeGreaterThan(0);
      expect(problems?.[0]?.message).toMatch(/^w\.yaml:\d+: /);
    }
  });

  it("is read or refused, whatever is in it", () => {
    const word = fc.constantFrom(
      "calls",
      "p99",
      "5m",
      "{ status = error }",
      "{{ x }}",
      "service",
      "1s",
      "5%",
      "",
    );
    const value = fc.oneof(
      word,
      fc.integer(),
      fc.constant(null),
      fc.array(word),
      fc.dictionary(word, word),
      fc.string(),
    );
    const key = fc.constantFrom(
      "name",
      "filter",
      "metric",
      "by",
      "over",
      "above",
      "below",
      "for",
      "labels",
      "annotations",
      "keep_firing",
      "tenant",
      "x",
    );
    const file = fc.record(
      {
        alertmanager: value,
        webhook: value,
        link: value,
        watches: fc.oneof(value, fc.array(fc.dictionary(key, value), { maxLength: 3 })),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          file.map((each) => stringify(each)),
          fc.string(),
          fc.string().map((each) => whole + each),
        ),
        (text) => {
          const parsed = parseWatchFile(text, "w.yaml");
          if (parsed.problems === undefined) return;
          expect(parsed.problems.length).toBeGreaterThan(0);
          for (const { code, message, position } of parsed.problems) {
            expect(code).toBe("INVALID_OPTIONS");
            expect(message).toMatch(/^w\.yaml:\d+: \S/);
            expect(position?.offset).toBeLessThanOrEqual(text.length);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
