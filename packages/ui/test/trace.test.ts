import type { Span } from "@spanstore/core";
import { encodeTraces } from "@spanstore/core/otlp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clockSkewsOf, serviceOf } from "../src/page/trace/model/clock-skew.js";
import { criticalPathOf } from "../src/page/trace/model/critical-path.js";
import { detailsOf, textOf } from "../src/page/trace/model/details.js";
import { findSpans } from "../src/page/trace/model/find.js";
import { readTraceNow, type TraceModel } from "../src/page/trace/model/model.js";
import { treeOf, visibleRows } from "../src/page/trace/model/tree.js";
import { ticksOf, timeAtOffset } from "../src/page/trace/zoom.js";

const base = 1_780_000_000_000_000_000n;
const traceId = "5b8aa5a2d2c872e8321cf37308d69df2";

interface Plan {
  readonly id: number;
  readonly parent?: number;
  readonly from: number;
  readonly to: number;
  readonly service?: string;
  readonly name?: string;
}

const idOf = (id: number): string => id.toString(16).padStart(16, "0");

/** Spans as they come over the wire, each with a resource of its own. */
function modelOf(plans: readonly Plan[], fields: Partial<Span> = {}): TraceModel {
  const resourceSpans = plans.map(({ id, parent, from, to, service = "a", name = `op ${id}` }) => ({
    resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
    scopeSpans: [
      {
        scope: { name: "tests", version: "1" },
        spans: [
          {
            traceId,
            spanId: idOf(id),
            ...(parent === undefined ? {} : { parentSpanId: idOf(parent) }),
            name,
            startTimeUnixNano: base + BigInt(from),
            endTimeUnixNano: base + BigInt(to),
            ...fields,
          },
        ],
      },
    ],
  }));
  return readTraceNow(encodeTraces({ resourceSpans }));
}

describe("reading a trace", () => {
  it("takes from the bytes what a waterfall shows", () => {
    const model = modelOf([
      { id: 2, parent: 1, from: 30, to: 70, service: "b" },
      { id: 1, from: 20, to: 100 },
    ]);
    expect(model).toMatchObject({
      count: 2,
      ids: [idOf(2), idOf(1)],
      parentIds: [idOf(1), ""],
      names: ["op 2", "op 1"],
      start: [10, 0],
      end: [50, 80],
      base: base + 20n,
      length: 80,
    });
    expect([serviceOf(model, 0), serviceOf(model, 1)]).toEqual(["b", "a"]);
  });

  it("gives back all of a span", () => {
    const event = { timeUnixNano: base + 5n, name: "exception", attributes: [] };
    const model = modelOf([{ id: 1, from: 0, to: 9 }], {
      attributes: [{ key: "n", value: { intValue: 7n } }],
      events: [event],
      status: { code: 2, message: "broken" },
    });
    const { span, resource, scope } = detailsOf(model, 0);
    expect(span).toMatchObject({ name: "op 1", status: { code: 2, message: "broken" }, events: [event] });
    expect(span.attributes).toEqual([{ key: "n", value: { intValue: 7n } }]);
    expect(resource?.attributes[0]?.value).toEqual({ stringValue: "a" });
    expect(scope).toMatchObject({ name: "tests", version: "1" });
  });

  it("shows values of every type", () => {
    const list = { arrayValue: { values: [{ stringValue: "x" }, { intValue: 1n }, {}] } };
    expect(textOf(list)).toBe('[ "x", 1, null ]');
    expect(textOf({ intValue: 2n ** 62n })).toBe(String(2n ** 62n));
    expect(textOf({ doubleValue: Number.NaN })).toBe("NaN");
    expect(textOf({ bytesValue: Uint8Array.of(1, 2) })).toBe("AQI=");
    expect(textOf({})).toBe("null");
  });

  it("is no trace without spans, and takes no time", () => {
    expect(readTraceNow(new Uint8Array(0))).toMatchObject({ count: 0, length: 1 });
  });
});

const plans: fc.Arbitrary<readonly Plan[]> = fc.array(
  fc.record({
    id: fc.integer({ min: 1, max: 12 }),
    parent: fc.integer({ min: 0, max: 14 }),
    from: fc.nat(100),
    to: fc.nat(100),
  }),
  { maxLength: 20 },
);

describe("the tree", () => {
  it("gives every span one row below its parent, whatever the ids are", () => {
    fc.assert(
      fc.property(plans, (spans) => {
        const model = modelOf(spans);
        const tree = treeOf(model);
        expect([...tree.order].sort((a, b) => a - b)).toEqual(spans.map((_, i) => i));
        for (const [row, span] of tree.order.entries()) {
          const parent = tree.parent[span] as number;
          const above = tree.order.indexOf(parent);
          if (parent < 0) {
            expect(tree.depth[span]).toBe(0);
            continue;
          }
          expect(tree.depth[span]).toBe((tree.depth[parent] as number) + 1);
          expect(above).toBeLessThan(row);
          expect(row).toBeLessThan(above + (tree.size[above] as number));
        }
      }),
    );
  });

  it("hides what is below a span", () => {
    const model = modelOf([
      { id: 1, from: 0, to: 9 },
      { id: 2, parent: 1, from: 1, to: 5 },
      { id: 3, parent: 2, from: 2, to: 3 },
      { id: 4, parent: 1, from: 6, to: 7 },
    ]);
    const tree = treeOf(model);
    const shown = (...closed: number[]): string[] =>
      visibleRows(tree, new Set(closed)).map((row) => model.names[tree.order[row] as number] as string);
    expect(shown()).toEqual(["op 1", "op 2", "op 3", "op 4"]);
    expect(shown(1)).toEqual(["op 1", "op 2", "op 4"]);
    expect(shown(0, 1)).toEqual(["op 1"]);
  });

  it("counts spans whose parent is not there", () => {
    const tree = treeOf(
      modelOf([
        { id: 1, parent: 9, from: 0, to: 1 },
        { id: 2, from: 0, to: 1 },
      ]),
    );
    expect(tree.orphans).toBe(1);
  });
});

describe("the critical path", () => {
  const pathOf = (spans: readonly Plan[]): string[] => {
    const model = modelOf(spans);
    const segments = [...criticalPathOf(model, treeOf(model)).values()].flat();
    return segments
      .sort((a, b) => a.from - b.from)
      .map(({ span, from, to }) => `${model.ids[span]?.slice(-1)} ${from}-${to}`);
  };

  it("goes back from the end to what it waited for", () => {
    expect(
      pathOf([
        { id: 1, from: 0, to: 100 },
        { id: 2, parent: 1, from: 10, to: 40 },
        // Beside the next one, which ends later.
        { id: 3, parent: 1, from: 50, to: 80 },
        { id: 4, parent: 1, from: 45, to: 90 },
      ]),
    ).toEqual(["1 0-10", "2 10-40", "1 40-45", "4 45-90", "1 90-100"]);
  });

  it("counts a child that runs on until the end of its parent", () => {
    expect(
      pathOf([
        { id: 1, from: 0, to: 50 },
        { id: 2, parent: 1, from: 20, to: 90 },
      ]),
    ).toEqual(["1 0-20", "2 20-50"]);
  });

  it("covers the time of its root once, without a gap", () => {
    fc.assert(
      fc.property(plans, (spans) => {
        const model = modelOf(spans);
        const tree = treeOf(model);
        const segments = [...criticalPathOf(model, tree).values()].flat().sort((a, b) => a.from - b.from);
        for (const [i, segment] of segments.entries()) {
          if (i > 0) expect(segment.from).toBe(segments[i - 1]?.to);
          expect(segment.from).toBeGreaterThanOrEqual(model.start[segment.span] as number);
          expect(segment.to).toBeLessThanOrEqual(model.end[segment.span] as number);
        }
        const length = Math.max(
          0,
          ...Array.from(tree.order, (span) =>
            tree.parent[span] === -1 ? (model.end[span] as number) - (model.start[span] as number) : 0,
          ),
        );
        expect((segments.at(-1)?.to ?? 0) - (segments[0]?.from ?? 0)).toBe(length);
      }),
    );
  });
});

describe("clocks", () => {
  it("do not agree when a span starts before its caller in another service", () => {
    const model = modelOf([
      { id: 1, from: 100, to: 200, service: "front" },
      { id: 2, parent: 1, from: 60, to: 160, service: "back" },
      { id: 3, parent: 1, from: 90, to: 160, service: "back" },
      { id: 4, parent: 2, from: 50, to: 70, service: "back" },
      { id: 5, parent: 1, from: 110, to: 300, service: "late" },
    ]);
    expect(clockSkewsOf(model, treeOf(model))).toEqual([
      { parent: "front", child: "back", nanos: 40, spans: 2 },
    ]);
  });
});

describe("finding in a trace", () => {
  const model = modelOf([
    { id: 1, from: 0, to: 9, service: "Frontend" },
    { id: 2, from: 0, to: 9, name: "GET /Cärt" },
    { id: 3, from: 0, to: 9 },
  ]);
  it.each([
    ["front", [0]],
    ["get /cä", [1]],
    ["rt", [1]],
    [idOf(3), [2]],
    ["", []],
    ["nothing", []],
    ["OP 3", [2]],
  ])("%j", (text, spans) => {
    expect(findSpans(model, text)).toEqual(spans.length > 0 || text === "" ? spans : []);
  });
});

describe("the ruler", () => {
  it("has round times within what is shown", () => {
    expect(ticksOf({ from: 0, to: 742 }, 6)).toEqual([0, 200, 400, 600]);
    expect(ticksOf({ from: 130, to: 170 }, 5)).toEqual([130, 140, 150, 160, 170]);
  });

  it("finds the time of a place", () => {
    expect(timeAtOffset(25, 100, { from: 100, to: 300 })).toBe(150);
    expect(timeAtOffset(-5, 100, { from: 100, to: 300 })).toBe(100);
  });
});
