import type { AnyValue, KeyValue } from "../model/any-value.js";
import type { ResourceSpans, Span, SpanEvent, SpanLink, Status, TracesData } from "../model/trace.js";

/** A span of a test, with only the fields that matter. */
export interface TestSpan {
  /** A number stands for a 64-bit id, such as 0...01; a text is the id. */
  readonly trace: number | string;
  /** 64 bits; 1 by default. */
  readonly id?: number;
  readonly parent?: number;
  readonly service?: string;
  readonly name?: string;
  readonly kind?: number;
  /** Milliseconds after {@link baseTime}; a bigint is nanoseconds since the epoch. */
  readonly at?: number | bigint;
  /** Nanoseconds; 1 ms by default. */
  readonly duration?: bigint;
  readonly status?: Status;
  readonly attributes?: Readonly<Record<string, string | number | boolean | bigint | AnyValue>>;
  readonly events?: readonly SpanEvent[];
  readonly links?: readonly SpanLink[];
}

/** 2023-11-14T22:13:20Z. */
export const baseTime = 1_700_000_000_000_000_000n;

const nanosPerMilli = 1_000_000n;

export function traceIdOf(id: number | string): string {
  return typeof id === "string" ? id : hexOf(id, 32);
}

export function spanIdOf(id: number): string {
  return hexOf(id, 16);
}

function hexOf(id: number, digits: number): string {
  return id.toString(16).padStart(digits, "0");
}

export function timeAt(at: number | bigint): bigint {
  return typeof at === "bigint" ? at : baseTime + BigInt(at) * nanosPerMilli;
}

/** A request of these spans. Consecutive spans of one service share a resource. */
export function tracesOf(...spans: readonly TestSpan[]): TracesData {
  const resourceSpans: (ResourceSpans & { readonly scopeSpans: readonly { readonly spans: Span[] }[] })[] =
    [];
  let last: string | undefined;
  for (const each of spans) {
    if (resourceSpans.length === 0 || each.service !== last) {
      const attributes = each.service === undefined ? [] : attributesOf({ "service.name": each.service });
      resourceSpans.push({ resource: { attributes }, scopeSpans: [{ spans: [] }] });
      last = each.service;
    }
    resourceSpans[resourceSpans.length - 1]?.scopeSpans[0]?.spans.push(spanOf(each));
  }
  return { resourceSpans };
}

function spanOf(each: TestSpan): Span {
  const startTimeUnixNano = timeAt(each.at ?? 0);
  return {
    traceId: traceIdOf(each.trace),
    spanId: spanIdOf(each.id ?? 1),
    ...(each.parent === undefined ? {} : { parentSpanId: spanIdOf(each.parent) }),
    name: each.name ?? "op",
    ...(each.kind === undefined ? {} : { kind: each.kind }),
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + (each.duration ?? nanosPerMilli),
    ...(each.attributes === undefined ? {} : { attributes: attributesOf(each.attributes) }),
    ...(each.events === undefined ? {} : { events: each.events }),
    ...(each.links === undefined ? {} : { links: each.links }),
    ...(each.status === undefined ? {} : { status: each.status }),
  };
}

function attributesOf(values: NonNullable<TestSpan["attributes"]>): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValueOf(value) }));
}

function anyValueOf(value: string | number | boolean | bigint | AnyValue): AnyValue {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "bigint":
      return { intValue: value };
    case "number":
      return Number.isSafeInteger(value) ? { intValue: BigInt(value) } : { doubleValue: value };
    default:
      return value;
  }
}
