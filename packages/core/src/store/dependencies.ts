import { spansOf } from "../otlp/groups.js";
import { compareCodePoints } from "../model/text-order.js";
import type { Dependency } from "./span-store.js";
import { createDeduplicator } from "./assemble.js";

/** What a call is told from: one span of a trace. */
export interface CallSpan {
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly service: string;
  readonly startTimeUnixNano: bigint;
}

/** One service calling another, at the start of the called span. */
export interface ServiceCall {
  readonly parent: string;
  readonly child: string;
  readonly startTimeUnixNano: bigint;
}

/** The distinct spans of one trace, given all its fragments, as far as calls need them. */
export function callSpansOf(fragments: Iterable<Uint8Array>): CallSpan[] {
  const deduplicate = createDeduplicator();
  const spans: CallSpan[] = [];
  for (const fragment of fragments) {
    const encoded = deduplicate(fragment);
    if (encoded === undefined) continue;
    for (const span of spansOf(encoded)) {
      spans.push({
        spanId: span.spanId,
        parentSpanId: span.parentSpanId,
        service: span.resource.serviceName,
        startTimeUnixNano: span.startTimeUnixNano,
      });
    }
  }
  return spans;
}

/**
 * The calls of one trace: one for every span whose parent span is of another service. Where several
 * spans share the parent's id (the client's and the server's half of a call do in Zipkin), a parent
 * in the child's own service means that the call is internal; otherwise the earliest one called.
 * Spans without a service take no part.
 */
export function callsOfTrace(spans: readonly CallSpan[]): ServiceCall[] {
  const byId = new Map<string, CallSpan[]>();
  for (const span of spans) {
    const same = byId.get(span.spanId);
    if (same === undefined) byId.set(span.spanId, [span]);
    else same.push(span);
  }
  const calls: ServiceCall[] = [];
  for (const span of spans) {
    if (span.parentSpanId === "" || span.service === "") continue;
    const parent = callerOf(span, byId.get(span.parentSpanId));
    if (parent !== undefined) {
      calls.push({ parent, child: span.service, startTimeUnixNano: span.startTimeUnixNano });
    }
  }
  return calls;
}

function callerOf(child: CallSpan, parents: readonly CallSpan[] | undefined): string | undefined {
  let caller: CallSpan | undefined;
  for (const parent of parents ?? []) {
    if (parent === child || parent.service === "") continue;
    if (parent.service === child.service) return undefined;
    if (caller === undefined || isEarlier(parent, caller)) caller = parent;
  }
  return caller?.service;
}

function isEarlier(a: CallSpan, b: CallSpan): boolean {
  if (a.startTimeUnixNano !== b.startTimeUnixNano) return a.startTimeUnixNano < b.startTimeUnixNano;
  return compareCodePoints(a.service, b.service) < 0;
}

/** Adds up calls by pair of services. */
export function createCallCounter(): {
  add: (parent: string, child: string, calls?: number) => void;
  dependencies: () => Dependency[];
} {
  const counts = new Map<string, Map<string, number>>();
  return {
    add: (parent, child, calls = 1) => {
      let children = counts.get(parent);
      if (children === undefined) {
        children = new Map();
        counts.set(parent, children);
      }
      children.set(child, (children.get(child) ?? 0) + calls);
    },
    dependencies: () =>
      Array.from(counts).flatMap(([parent, children]) =>
        Array.from(children, ([child, calls]) => ({ parent, child, callCount: BigInt(calls) })),
      ),
  };
}
