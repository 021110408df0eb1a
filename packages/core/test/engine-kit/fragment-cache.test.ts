import { createByteCache, createFragmentCache, type Fragment } from "@spanstore/core/engine";
import { describe, expect, it } from "vitest";

const traceIdOf = (number: number): string => number.toString(16).padStart(32, "0");
const fragment = (number: number, bytes: number): Fragment => ({
  traceId: traceIdOf(number),
  encoded: new Uint8Array(bytes),
  sequence: 1,
});

describe("a byte cache", () => {
  it("keeps the most recently used values up to its size, and none that is larger", () => {
    const cache = createByteCache<Uint8Array>(100, ({ length }) => length);
    for (const key of ["a", "b", "c"]) cache.set(key, new Uint8Array(30));
    expect(cache.get("a")).toHaveLength(30);
    cache.set("d", new Uint8Array(20));
    cache.set("e", new Uint8Array(101));
    expect(["a", "b", "c", "d", "e"].map((key) => cache.get(key)?.length)).toEqual([
      30,
      undefined,
      30,
      20,
      undefined,
    ]);
    cache.set("a", new Uint8Array(80));
    expect(["a", "c", "d"].map((key) => cache.get(key)?.length)).toEqual([80, undefined, 20]);
    cache.set("f", new Uint8Array(0));
    expect(cache.get("f")).toHaveLength(0);
  });
});

describe("a fragment cache", () => {
  it("has the fragments of a trace together, each once", () => {
    const cache = createFragmentCache();
    cache.add("a", fragment(1, 10));
    cache.add("b", fragment(1, 11));
    cache.add("b", fragment(1, 11));
    cache.add("c", fragment(2, 12));
    expect([...cache.of(traceIdOf(1)).keys()]).toEqual(["a", "b"]);
    expect([...cache.of(traceIdOf(2)).keys()]).toEqual(["c"]);
    expect(cache.of(traceIdOf(3)).size).toBe(0);
  });

  it("holds 8 MiB of the latest at most, and no fragment above 256 KiB", () => {
    const cache = createFragmentCache();
    for (let number = 1; number <= 100; number++) cache.add(`${number}`, fragment(number, 256 * 1024));
    cache.add("large", fragment(101, 256 * 1024 + 1));
    const sizes = Array.from({ length: 101 }, (_, i) => cache.of(traceIdOf(i + 1)).size);
    expect(sizes.slice(0, 68)).toEqual(Array(68).fill(0));
    expect(sizes.slice(68)).toEqual([...Array(32).fill(1), 0]);
    // A trace that outgrows the cache leaves it.
    for (let id = 0; id < 33; id++) cache.add(`${id}`, fragment(200, 256 * 1024));
    expect(cache.of(traceIdOf(200)).size).toBe(0);
  });

  it("shares its bytes with the other caches of the thread, and none of their fragments", () => {
    const [one, other] = [createFragmentCache(), createFragmentCache()];
    one.add("a", fragment(1, 10));
    expect(other.of(traceIdOf(1)).size).toBe(0);
    for (let number = 1; number <= 32; number++) other.add(`${number}`, fragment(number, 256 * 1024));
    expect(one.of(traceIdOf(1)).size).toBe(0);
    expect(other.of(traceIdOf(32)).size).toBe(1);
  });

  it("keeps no answer in memory for a part of it", () => {
    const cache = createFragmentCache();
    cache.add("a", { ...fragment(1, 0), encoded: new Uint8Array(1000).subarray(10, 20) });
    expect(cache.of(traceIdOf(1)).get("a")?.encoded.buffer.byteLength).toBe(10);
  });
});
