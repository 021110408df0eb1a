import { CallColumns } from "../../fragments/call-scan.js";
import { latencyIndex, sortedBuckets } from "../../model/latency.js";
import { compareCodePoints } from "../../model/text-order.js";
import { StatusCode } from "../../model/trace.js";
import type { Dependency } from "../contract/calls.js";
import { createDeduplicator } from "./assemble.js";

/** A call from one service to another, at the start of the called span. */
export interface ServiceCall {
  readonly parent: string;
  readonly child: string;
  readonly startTimeUnixNano: bigint;
  /** Latency index of the called span's duration; undefined for a duration that counts as zero. */
  readonly latencyIndex: number | undefined;
  /** Whether the called span has status `error`. */
  readonly isError: boolean;
}

/**
 * The calls of one trace, given all its fragments: one for each span whose parent span belongs to another service. Several
 * spans may share the parent's id, as the client and the server span of a call do in Zipkin: if one of them belongs to the
 * child's own service, the call is internal and not counted; otherwise the earliest of them is the caller. Spans without a
 * service are ignored, and copies of a span count once.
 */
export function callsOfTrace(fragments: readonly Uint8Array[]): ServiceCall[] {
  return scanCalls(fragments).calls;
}

/** The calls of a trace, given one or more fragments, and the start of its oldest span. */
export function scanCalls(fragments: readonly Uint8Array[]): {
  readonly calls: ServiceCall[];
  readonly oldestStartUnixNano: bigint;
} {
  let spans = columnsOf(fragments);
  const oldestStartUnixNano = oldestStartOf(spans);
  let index = indexById(spans);
  if (index.hasSharedIds) {
    spans = columnsOf(withoutCopies(fragments));
    index = indexById(spans);
  }
  const calls: ServiceCall[] = [];
  for (let child = 0; child < spans.length; child++) {
    const service = spans.services[spans.service[child] as number];
    if (service === undefined || service === "") continue;
    const parent = callerOf(spans, index, child);
    if (parent === undefined) continue;
    const startTimeUnixNano = startOf(spans, child);
    const duration = timeIn(spans.end, child) - startTimeUnixNano;
    calls.push({
      parent,
      child: service,
      startTimeUnixNano,
      latencyIndex: latencyIndex(Number(duration)),
      isError: spans.statusCode[child] === StatusCode.error,
    });
  }
  return { calls, oldestStartUnixNano };
}

function columnsOf(fragments: Iterable<Uint8Array>): CallColumns {
  const spans = new CallColumns();
  for (const fragment of fragments) spans.add(fragment);
  return spans;
}

function* withoutCopies(fragments: readonly Uint8Array[]): Generator<Uint8Array, void> {
  const deduplicate = createDeduplicator();
  for (const fragment of fragments) {
    const encoded = deduplicate(fragment);
    if (encoded !== undefined) yield encoded;
  }
}

/** Spans by id: a hash table with the last span of each id, and for each span the previous one of the same id. */
interface IdIndex {
  readonly slots: Int32Array;
  readonly previous: Int32Array;
  readonly hasSharedIds: boolean;
}

const none = -1;

function indexById(spans: CallColumns): IdIndex {
  let size = 16;
  while (size < spans.length * 2) size *= 2;
  const slots = new Int32Array(size).fill(none);
  const previous = new Int32Array(spans.length).fill(none);
  let hasSharedIds = false;
  for (let span = 0; span < spans.length; span++) {
    const at = slotOf(spans, slots, spans.spanId[span * 2] as number, spans.spanId[span * 2 + 1] as number);
    const same = slots[at] as number;
    if (same !== none) hasSharedIds = true;
    previous[span] = same;
    slots[at] = span;
  }
  return { slots, previous, hasSharedIds };
}

function slotOf(spans: CallColumns, slots: Int32Array, first: number, second: number): number {
  const mask = slots.length - 1;
  let at = Math.imul(first ^ Math.imul(second, 0x85ebca6b), 0x9e3779b1) >>> 8;
  for (at &= mask; ; at = (at + 1) & mask) {
    const span = slots[at] as number;
    if (span === none) return at;
    if (spans.spanId[span * 2] === first && spans.spanId[span * 2 + 1] === second) return at;
  }
}

function callerOf(spans: CallColumns, index: IdIndex, child: number): string | undefined {
  const first = spans.parentId[child * 2] as number;
  const second = spans.parentId[child * 2 + 1] as number;
  if (first === 0 && second === 0) return undefined;
  let caller: number | undefined;
  const last = index.slots[slotOf(spans, index.slots, first, second)] as number;
  for (let parent = last; parent !== none; parent = index.previous[parent] as number) {
    if (parent === child || nameOf(spans, parent) === "") continue;
    if (spans.service[parent] === spans.service[child]) return undefined;
    if (caller === undefined || isEarlier(spans, parent, caller)) caller = parent;
  }
  return caller === undefined ? undefined : nameOf(spans, caller);
}

function nameOf(spans: CallColumns, span: number): string {
  return spans.services[spans.service[span] as number] ?? "";
}

function startOf(spans: CallColumns, span: number): bigint {
  return timeIn(spans.start, span);
}

function timeIn(words: Uint32Array, span: number): bigint {
  return (BigInt(words[span * 2 + 1] as number) << 32n) | BigInt(words[span * 2] as number);
}

function oldestStartOf(spans: CallColumns): bigint {
  let oldest = 0;
  for (let span = 1; span < spans.length; span++) {
    const high = (spans.start[span * 2 + 1] as number) - (spans.start[oldest * 2 + 1] as number);
    const low = (spans.start[span * 2] as number) - (spans.start[oldest * 2] as number);
    if (high < 0 || (high === 0 && low < 0)) oldest = span;
  }
  return startOf(spans, oldest);
}

function isEarlier(spans: CallColumns, a: number, b: number): boolean {
  const [startA, startB] = [startOf(spans, a), startOf(spans, b)];
  if (startA !== startB) return startA < startB;
  return compareCodePoints(nameOf(spans, a), nameOf(spans, b)) < 0;
}

/** Counts of the calls between two services. */
export interface CallCounts {
  calls: number;
  errors: number;
  zeroCount: number;
  /** By latency index. */
  readonly buckets: Map<number, number>;
}

export function noCalls(): CallCounts {
  return { calls: 0, errors: 0, zeroCount: 0, buckets: new Map() };
}

/**
 * Adds calls of one latency and status.
 * @param latencyIndex undefined when the duration counts as zero.
 */
export function addCall(
  counts: CallCounts,
  latencyIndex: number | undefined,
  isError: boolean,
  calls = 1,
): void {
  counts.calls += calls;
  if (isError) counts.errors += calls;
  if (latencyIndex === undefined) counts.zeroCount += calls;
  else counts.buckets.set(latencyIndex, (counts.buckets.get(latencyIndex) ?? 0) + calls);
}

/** Counts calls by pair of services. */
export function createCallCounter(): {
  add: (call: ServiceCall) => void;
  /** Adds calls that are counted already. */
  addCounts: (pair: Pick<ServiceCall, "parent" | "child">, counts: CallCounts) => void;
  dependencies: () => Dependency[];
} {
  const all = new Map<string, Map<string, CallCounts>>();
  const countsOf = ({ parent, child }: Pick<ServiceCall, "parent" | "child">): CallCounts => {
    let children = all.get(parent);
    if (children === undefined) {
      children = new Map();
      all.set(parent, children);
    }
    let counts = children.get(child);
    if (counts === undefined) {
      counts = noCalls();
      children.set(child, counts);
    }
    return counts;
  };
  return {
    add: (call) => addCall(countsOf(call), call.latencyIndex, call.isError),
    addCounts: (pair, more) => {
      const counts = countsOf(pair);
      counts.calls += more.calls;
      counts.errors += more.errors;
      counts.zeroCount += more.zeroCount;
      for (const [index, calls] of more.buckets) {
        counts.buckets.set(index, (counts.buckets.get(index) ?? 0) + calls);
      }
    },
    dependencies: () =>
      Array.from(all).flatMap(([parent, children]) =>
        Array.from(children, ([child, { calls, errors, zeroCount, buckets }]) => ({
          parent,
          child,
          callCount: BigInt(calls),
          errorCount: BigInt(errors),
          latency: { zeroCount, buckets: sortedBuckets(buckets) },
        })),
      ),
  };
}
