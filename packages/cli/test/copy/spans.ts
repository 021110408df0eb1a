import type { Span, SpanStore, TracesData } from "@spanstore/core";

/** When span 0 starts. */
export const start = 1_800_000_000_000_000_000n;

/** A span of its own number; five make a trace. */
export function spanOf(number: number, more: Partial<Span> = {}): Span {
  const at = start + BigInt(number) * 1_000_000n;
  return {
    traceId: Math.floor(number / 5)
      .toString(16)
      .padStart(32, "a"),
    spanId: number.toString(16).padStart(16, "b"),
    name: `operation ${number % 7}`,
    startTimeUnixNano: at,
    endTimeUnixNano: at + 5n,
    attributes: [{ key: "number", value: { intValue: BigInt(number) } }],
    ...more,
  };
}

export function tracesOf(spans: readonly Span[], service = "shop"): TracesData {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "web" }, spans }] }] };
}

export const numbers = (count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, i) => from + i);

/** Writes spans of two services. */
export async function fill(store: SpanStore, wanted: readonly number[]): Promise<void> {
  for (let at = 0; at < wanted.length; at += 500) {
    const some = wanted.slice(at, at + 500);
    await store.write(tracesOf(some.filter((n) => n % 2 === 0).map((n) => spanOf(n))));
    await store.write(
      tracesOf(
        some.filter((n) => n % 2 === 1).map((n) => spanOf(n)),
        "mail",
      ),
    );
  }
}
