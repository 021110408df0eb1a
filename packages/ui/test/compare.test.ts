import { encodeTraces } from "@spanstore/core/otlp";
import { describe, expect, it } from "vitest";
import { diffOf, type Side } from "../src/page/compare/diff.js";
import { readTraceNow } from "../src/page/trace/model/model.js";
import { treeOf } from "../src/page/trace/model/tree.js";

type Spans = readonly (readonly [id: number, parent: number, name: string, nanos: number])[];

function sideOf(...spans: Spans): Side {
  const idOf = (id: number): string => (id === 0 ? "" : id.toString(16).padStart(16, "0"));
  const model = readTraceNow(
    encodeTraces({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: spans.map(([id, parent, name, nanos]) => ({
                traceId: "5b8aa5a2d2c872e8321cf37308d69df2",
                spanId: idOf(id),
                parentSpanId: idOf(parent),
                name,
                startTimeUnixNano: BigInt(id),
                endTimeUnixNano: BigInt(id + nanos),
              })),
            },
          ],
        },
      ],
    }),
  );
  return { model, tree: treeOf(model) };
}

const linesOf = (left: Side, right: Side): string[] =>
  diffOf(left, right).map(
    ({ depth, name, left: a, right: b }) =>
      `${"  ".repeat(depth)}${name} ${a.count}/${a.nanos} ${b.count}/${b.nanos}`,
  );

describe("the difference of two traces", () => {
  const one = sideOf([1, 0, "root", 100], [2, 1, "get", 10], [3, 1, "get", 20], [4, 3, "query", 5]);
  const other = sideOf([1, 0, "root", 150], [2, 1, "get", 40], [5, 1, "put", 7], [6, 5, "query", 1]);

  it("joins spans of one name under the same callers, and keeps those of others apart", () => {
    expect(linesOf(one, other)).toEqual([
      "root 1/100 1/150",
      "  get 2/30 1/40",
      "    query 1/5 0/0",
      "  put 0/0 1/7",
      "    query 0/0 1/1",
    ]);
  });

  it("is the same from the other side", () => {
    const swapped = diffOf(other, one).map(({ left, right, ...row }) => ({
      ...row,
      left: right,
      right: left,
    }));
    const byName = (a: object, b: object): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
    expect(swapped.toSorted(byName)).toEqual(diffOf(one, other).toSorted(byName));
  });

  it("is none of a trace with itself", () => {
    for (const { left, right } of diffOf(one, one)) expect(left).toEqual(right);
    expect(diffOf(sideOf(), sideOf())).toEqual([]);
  });
});
