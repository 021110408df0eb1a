import { describe, expect, it } from "vitest";
import { SqlBytes } from "../../src/connection/literals.js";
import { createWindows } from "../../src/schema/windows.js";
import { appendRow, idOf, keyOf, latest, rowsOf, startOf, tokenOf } from "../../src/write/operation-rows.js";

const day = 86_400_000_000_000n;
const { at } = createWindows("day");
const today = at(1_772_582_400_000_000_000n);
const yesterday = at(1_772_582_400_000_000_000n - day);

const seen = (window: typeof today, service: string, name: string, spanKind = "server") => ({
  window,
  service,
  name,
  spanKind,
});
const text = (rows: ReturnType<typeof rowsOf>): string[] =>
  rows.map((row) => {
    const out = new SqlBytes();
    appendRow(out, row);
    return out.toString();
  });

describe("rows of operations", () => {
  it("are one per operation, service and window, and one per service and window", () => {
    const rows = rowsOf([
      seen(today, "shop", "get"),
      seen(today, "shop", "put"),
      seen(yesterday, "shop", "get"),
    ]);
    expect(rows.map(({ window, name, token }) => [window.name, name, token])).toEqual([
      ["20260304", "get", tokenOf("shop")],
      ["20260304", "", "services"],
      ["20260304", "put", tokenOf("shop")],
      ["20260303", "get", tokenOf("shop")],
      ["20260303", "", "services"],
    ]);
    expect(new Set(rows.map(idOf)).size).toBe(5);
    expect(rowsOf([])).toEqual([]);
  });

  it("have ids derived from window and name, and never 0", () => {
    const [row] = rowsOf([seen(today, "shop", "get")]);
    const [same] = rowsOf([seen(today, "shop", "get")]);
    const [split] = rowsOf([seen(today, "sho", "pget")]);
    if (row === undefined || same === undefined || split === undefined) throw new Error("a row is missing");
    expect(idOf(same)).toBe(idOf(row));
    expect(idOf(split)).not.toBe(idOf(row));
    expect(idOf(row)).toBeGreaterThan(0n);
    expect(idOf(row)).toBeLessThan(1n << 63n);
  });

  it("become SQL with escaped texts", () => {
    const [first, second] = text(rowsOf([seen(today, "it's", "a\\b", "")]));
    const start = startOf(today);
    expect(first).toMatch(
      new RegExp(`^\\(\\d+,${start},'${tokenOf("it's")}','it\\\\'s','a\\\\\\\\b',''\\)$`),
    );
    expect(second).toMatch(new RegExp(`^\\(\\d+,${start},'services','it\\\\'s','',''\\)$`));
  });

  it("of a name are reduced to the latest window", () => {
    const rows = rowsOf([
      seen(yesterday, "shop", "get"),
      seen(today, "shop", "get"),
      seen(yesterday, "shop", "old"),
    ]);
    const byName = latest(rows);
    expect([...byName.values()].map(({ window, name }) => [window.name, name])).toEqual([
      ["20260304", "get"],
      ["20260304", ""],
      ["20260303", "old"],
    ]);
    for (const [key, row] of byName) expect(keyOf(row)).toBe(key);
  });

  it("have different tokens for services that differ only in case", () => {
    expect(tokenOf("Shop")).not.toBe(tokenOf("shop"));
    expect(tokenOf("shop")).toMatch(/^s[0-9a-f]{16}$/);
  });
});
