import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layOut, nodeHeight } from "../src/page/graph/layout.js";
import { rowsOf } from "../src/page/services/rows.js";
import { formatRate, formatShare } from "../src/page/time/format.js";

describe("rows of services", () => {
  const series = (service: string, values: number[], operation = "") => ({ service, operation, values });

  it("have the rate of all the time, the share of errors of all calls, and the newest latency", () => {
    const [cart, idle, ...others] = rowsOf(
      {
        calls: [series("cart", [2, 0, 4])],
        errors: [series("cart", [0.5, Number.NaN, 0])],
        latencies: [series("cart", [5, 7, Number.NaN])],
      },
      [
        ["idle", ""],
        ["cart", ""],
      ],
    );
    expect(cart).toMatchObject({ service: "cart", rate: 2, errors: 1 / 6, latency: 7e6 });
    expect(idle).toMatchObject({ service: "idle", rate: undefined, errors: undefined, latency: undefined });
    expect(others).toEqual([]);
  });

  it("keep operations of one name in two services apart", () => {
    const calls = [series("a", [1], "GET /"), series("b", [3], "GET /")];
    const rows = rowsOf({ calls, errors: [], latencies: [] }, []);
    expect(rows.map(({ service, rate }) => [service, rate])).toEqual([
      ["b", 3],
      ["a", 1],
    ]);
  });

  it.each([
    [0.007, "0.42 / min"],
    [12.34, "12 / s"],
    [1234.5, "1,235 / s"],
  ])("show %d calls a second as %s", (rate, text) => {
    expect(formatRate(rate)).toBe(text);
  });

  it.each([
    [0, "0 %"],
    [0.00123, "0.12 %"],
    [0.5, "50 %"],
    [1, "100 %"],
  ])("show a share of %d as %s", (share, text) => {
    expect(formatShare(share)).toBe(text);
  });
});

describe("the graph of calls", () => {
  const name = fc.constantFrom("a", "b", "c", "d", "e", "a service with a long name");
  const calls = fc.uniqueArray(fc.record({ parent: name, child: name, callCount: fc.nat(1e6) }), {
    minLength: 1,
    selector: ({ parent, child }) => `${parent} ${child}`,
  });

  it("holds every service and every call, none over another, whatever circles there are", () => {
    fc.assert(
      fc.property(calls, (given) => {
        const { nodes, edges, left, top, width, height } = layOut(given);
        expect(edges.length).toBe(given.length);
        for (const { points } of edges) {
          expect(points.length).toBeGreaterThan(1);
          for (const { x, y } of points) {
            expect(x >= left && x <= left + width && y >= top && y <= top + height).toBe(true);
          }
        }
        for (const [i, a] of nodes.entries()) {
          for (const b of nodes.slice(i + 1)) {
            const isApart =
              Math.abs(a.x - b.x) >= (a.width + b.width) / 2 - 0.01 ||
              Math.abs(a.y - b.y) >= nodeHeight - 0.01;
            expect(isApart).toBe(true);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it("puts callers before those that they call", () => {
    const { nodes } = layOut([
      { parent: "front", child: "cart", callCount: 3 },
      { parent: "cart", child: "database", callCount: 2 },
    ]);
    expect(nodes.toSorted((a, b) => a.x - b.x).map((node) => node.name)).toEqual([
      "front",
      "cart",
      "database",
    ]);
  });
});
