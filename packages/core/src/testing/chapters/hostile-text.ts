import assert from "node:assert/strict";
import fc from "fast-check";
import { openMemoryStore } from "../../memory/index.js";
import type { AnyValue } from "../../model/any-value.js";
import type { TracesData } from "../../model/trace.js";
import { and, attr, event, resource, scope, some, span } from "../../query/filter/forms/builder.js";
import type { TraceQuery } from "../../query/trace-query.js";
import type { SpanStore } from "../../store/contract/span-store.js";
import { readTraces } from "../contents.js";
import { randomness, type Suite } from "../harness.js";
import { baseTime, spanIdOf, timeAt, traceIdOf } from "../spans.js";

/** Texts that end a string, begin a comment or have a meaning in a query language. */
const hostile = [
  "'",
  '"',
  "`",
  "\\",
  "\\'",
  "';--",
  "' OR '1'='1",
  "'); DROP TABLE fragment; --",
  "1); DELETE FROM jaeger_spans WHERE (id>0",
  "/*",
  "*/ OR 1=1 /*",
  "#",
  "%",
  "_",
  "*",
  "?",
  "$1",
  `$\{x}`,
  "{{x}}",
  "@",
  "!",
  "|",
  "-",
  '^"a"$',
  "(a|b)*",
  "~5",
  "a AND b",
  "NOT",
  "MATCH('x')",
  '"}}},"match_all":{}',
  '{"query":{"match_all":{}}}',
  "[1 TO *]",
  "\n",
  "\r\n",
  "\t",
  "\u0000",
  "a\u0000b",
  "\u001a",
  "\u2028",
  "\ufeff",
  "\u00bf'",
  "\uff07",
  "e\u0301",
  "\u{1f600}",
  "x".repeat(5000),
  "' ".repeat(600),
] as const;

const runsPerCase = 10;

/** Hostile text, alone or with other text around it. */
const text = fc.oneof(
  fc.constantFrom(...hostile),
  fc.tuple(fc.constantFrom(...hostile), fc.constantFrom(...hostile)).map((parts) => parts.join("")),
  fc.tuple(fc.constantFrom(...hostile), fc.string({ maxLength: 5 })).map((parts) => parts.join("a")),
);

/** A trace with these texts in every field. */
function traceOf(id: number, texts: readonly string[]): TracesData {
  const at = (i: number): string => texts[i % texts.length] as string;
  const value = (i: number): AnyValue => ({ stringValue: at(i) });
  const attributes = (i: number) => [{ key: at(i), value: value(i + 1) }];
  return {
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: value(0) }, ...attributes(1)] },
        scopeSpans: [
          {
            scope: { name: at(2), version: at(3), attributes: attributes(4) },
            spans: [
              {
                traceId: traceIdOf(id),
                spanId: spanIdOf(id),
                name: at(1),
                startTimeUnixNano: timeAt(id),
                endTimeUnixNano: timeAt(id) + 1n,
                traceState: at(5),
                attributes: attributes(0),
                events: [{ name: at(2), timeUnixNano: baseTime, attributes: attributes(3) }],
                links: [
                  {
                    traceId: traceIdOf(1),
                    spanId: spanIdOf(1),
                    traceState: at(4),
                    attributes: attributes(5),
                  },
                ],
                status: { code: 2, message: at(0) },
              },
            ],
          },
        ],
      },
    ],
  };
}

/** Searches with these texts in every field. */
function queriesOf([a, b]: readonly [string, string]): readonly TraceQuery[] {
  const filters = [
    resource.service.eq(a),
    span.name.eq(a),
    span.attr(a).eq(b),
    span.attr(a).exists(),
    attr(a).eq(a),
    and(span.name.eq(a), resource.service.ne(b)),
    span.attr(a).in([a, b]),
    span.attr(a).regex(literally(b)),
    some(event, event.attr(a).eq(b)),
    scope.name.eq(a),
  ];
  return [
    ...(a === "" ? [] : [{ service: a }, { operation: a }, { service: a, operation: b }]),
    { attributes: { [a]: b } },
    { attributes: { [a]: a, error: "true" } },
    { attributes: { "scope.name": a } },
    { attributes: { [`resource.${a}`]: b } },
    ...filters.map((filter) => ({ filter })),
  ];
}

/** A regular expression that matches this text. */
function literally(words: string): string {
  return words.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

export function describeHostileText(suite: Suite): void {
  suite.it(
    "treats hostile text as plain text, in spans and in searches",
    async (store) => {
      const { runs, seed } = randomness({ ...suite.options, runs: runsPerCase });
      const judge = openMemoryStore();
      let id = 0;
      const write = async (texts: readonly string[]): Promise<void> => {
        const traces = traceOf(++id, texts);
        await Promise.all([store.write(traces), judge.write(traces)]);
      };
      for (let i = 0; i < hostile.length; i += 3) await write(hostile.slice(i, i + 3));
      const both = fc.tuple(text, text);
      await fc.assert(
        fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 4 }), both, async (texts, asked) => {
          await write(texts);
          for (const query of [
            ...queriesOf(asked),
            ...queriesOf([texts[0] ?? "", texts[1] ?? texts[0] ?? ""]),
          ]) {
            assert.deepEqual(await answerOf(store, query), await answerOf(judge, query), inspected(query));
          }
        }),
        { numRuns: Math.min(runs, 200), seed, endOnFailure: true },
      );
      const services = await judge.getServices();
      assert.deepEqual(await store.getServices(), services);
      for (const service of services) {
        assert.deepEqual(await store.getOperations({ service }), await judge.getOperations({ service }));
      }
      const all = { limit: 10_000 };
      assert.deepEqual(await readTraces(store.findTraces(all)), await readTraces(judge.findTraces(all)));
    },
    { timeoutMillis: 300_000 },
  );
}

/** The ids of the found traces, or the code of the refusal. */
async function answerOf(store: SpanStore, query: TraceQuery): Promise<unknown> {
  try {
    return (await store.findTraceIds(query)).traces.map(({ traceId }) => traceId);
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

function inspected(query: TraceQuery): string {
  return JSON.stringify(query, (_, value) => (typeof value === "bigint" ? String(value) : value));
}
