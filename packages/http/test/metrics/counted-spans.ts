import { type Span, SpanKind, type SpanStore, StatusCode } from "@spanstore/core";
import fc from "fast-check";
import { span, tracesOf } from "../harness.js";

/** A span as these tests count it. Times are milliseconds. */
export interface CountedSpan {
  readonly service: string;
  readonly operation: string;
  readonly kind: keyof typeof SpanKind;
  readonly status: keyof typeof StatusCode;
  /** Since 1970. */
  readonly start: number;
  readonly duration: number;
}

export const minute = 60_000;
/** A minute begins here, some hours after midnight in UTC. */
export const origin = Date.UTC(2026, 4, 3, 10);

/** Spans of the two hours before `origin`. */
export const countedSpans: fc.Arbitrary<readonly CountedSpan[]> = fc.array(
  fc.record({
    service: fc.constantFrom("shop", "cart", "a.b"),
    operation: fc.constantFrom("GET /", "add", 'say "hi"'),
    kind: fc.constantFrom("server", "server", "client", "unspecified"),
    status: fc.constantFrom("unset", "ok", "error"),
    start: fc
      .tuple(fc.integer({ min: -120, max: -1 }), fc.constantFrom(0, 1, 30_000, 59_999))
      .map(([minutes, millis]) => origin + minutes * minute + millis),
    duration: fc.constantFrom(0, 1, 2, 3, 100, 101, 2500, 60_000),
  }),
  { maxLength: 60 },
);

export async function writeCounted(store: SpanStore, spans: readonly CountedSpan[]): Promise<void> {
  for (const service of new Set(spans.map((each) => each.service))) {
    const own = spans.flatMap((each, i) => (each.service === service ? [spanOf(each, i + 1)] : []));
    await store.write(tracesOf(service, ...own));
  }
}

function spanOf({ operation, kind, status, start, duration }: CountedSpan, id: number): Span {
  return span(id, {
    traceId: (1 + (id % 7)).toString(16).padStart(32, "0"),
    name: operation,
    kind: SpanKind[kind],
    status: { code: StatusCode[status] },
    startTimeUnixNano: BigInt(start) * 1_000_000n,
    endTimeUnixNano: BigInt(start + duration) * 1_000_000n,
  });
}

/** Those that started in the whole minutes before a time. */
export function startedBefore(
  spans: readonly CountedSpan[],
  time: number,
  minutes: number,
): readonly CountedSpan[] {
  const end = Math.ceil(time / minute) * minute;
  return spans.filter(({ start }) => start < end && start >= end - minutes * minute);
}

/** The duration at the rank of a quantile; NaN of no spans. */
export function exactQuantile(spans: readonly CountedSpan[], quantile: number): number {
  const ranked = spans.map(({ duration }) => duration).sort((a, b) => a - b);
  return ranked[Math.round(quantile * (ranked.length - 1))] ?? Number.NaN;
}
