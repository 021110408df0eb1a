import {
  attr,
  compilePredicate,
  encodeTraces,
  event,
  type FilterCall,
  type KeyValue,
  link,
  resolveFilter,
  resource,
  scope,
  some,
  span,
  spansOf,
} from "@spanstore/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { requiredTextWords, textWordsOf } from "../src/words.js";

/** Words and what stands between and beside them; letters that case makes alike, within and beyond ASCII. */
const piece = fc.constantFrom(
  "a",
  "A",
  "k",
  "\u212a",
  "s",
  "\u017f",
  " ",
  " ",
  "-",
  "_",
  "9",
  "\u0301",
  "\0",
);
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
const word = fc
  .array(fc.constantFrom("a", "A", "k", "\u212a", "s", "\u017f"), { minLength: 1, maxLength: 2 })
  .map((pieces) => pieces.join(""));
const attributes = fc.array(
  fc.record({ key: fc.constantFrom("x", "y"), value: text.map((stringValue) => ({ stringValue })) }),
  { maxLength: 2 },
);
const texts = fc.record({
  resource: attributes,
  scope: attributes,
  span: attributes,
  event: attributes,
  link: attributes,
});

const filter: fc.Arbitrary<FilterCall> = fc
  .tuple(
    fc.constantFrom(
      attr("x"),
      span.attr("x"),
      resource.attr("x"),
      scope.attr("x"),
      event.attr("x"),
      link.attr("x"),
    ),
    fc.constantFrom("phrase" as const, "fulltext" as const),
    fc.array(word, { minLength: 1, maxLength: 2 }),
    fc.boolean(),
  )
  .map(([reference, op, words, bound]) => {
    const call = reference[op](...(words as [string, ...string[]]));
    return bound ? some(event, call) : call;
  });

function encode(
  at: Readonly<Record<"resource" | "scope" | "span" | "event" | "link", readonly KeyValue[]>>,
): Uint8Array {
  return encodeTraces({
    resourceSpans: [
      {
        resource: { attributes: at.resource },
        scopeSpans: [
          {
            scope: { name: "", attributes: at.scope },
            spans: [
              {
                traceId: "1".repeat(32),
                spanId: "2".repeat(16),
                name: "n",
                startTimeUnixNano: 1n,
                endTimeUnixNano: 2n,
                attributes: at.span,
                events: [{ timeUnixNano: 1n, name: "e", attributes: at.event }],
                links: [{ traceId: "1".repeat(32), spanId: "2".repeat(16), attributes: at.link }],
              },
            ],
          },
        ],
      },
    ],
  });
}

it("a span that has the words has them in the index, whatever the letters", () => {
  let matched = 0;
  const property = fc.property(texts, filter, (at, asked) => {
    const encoded = encode(at);
    const predicate = resolveFilter(asked);
    const indexed = new Set(textWordsOf(encoded).split(" "));
    const isCandidate = requiredTextWords(predicate).every((words) =>
      words.some((each) => indexed.has(each)),
    );
    const isMatch = [...spansOf(encoded)].some(compilePredicate(predicate));
    if (isMatch) matched++;
    expect(isMatch && !isCandidate).toBe(false);
  });
  fc.assert(property, { numRuns: 5_000 });
  expect(matched).toBeGreaterThan(100);
});

it("words that are not there are looked for in vain", () => {
  const indexed = new Set(
    textWordsOf(encode({ ...none, span: [{ key: "x", value: { stringValue: "select name" } }] })).split(" "),
  );
  const words = requiredTextWords(resolveFilter(span.attr("x").fulltext("select", "price")));
  expect(words.map((each) => each.some((one) => indexed.has(one)))).toEqual([true, false]);
});

const none = { resource: [], scope: [], span: [], event: [], link: [] };
