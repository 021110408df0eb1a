import { compareCodePoints } from "../../model/text-order.js";
import { StatusCode } from "../../model/trace.js";
import { spansOf } from "../../otlp/groups.js";
import type { ServiceSummary, TraceSummary } from "../contract/calls.js";
import type { Fragment } from "../contract/engine.js";
import type { Reading } from "../contract/reading.js";
import { uncounted } from "./read-budget.js";

interface Counts {
  spanCount: number;
  errorSpanCount: number;
}

/** Summarizes a trace, fragment by fragment, without keeping its spans. */
function createSummarizer(traceId: string): {
  add: (encoded: Uint8Array) => void;
  finish: () => TraceSummary;
} {
  const services = new Map<string, Counts>();
  const spanIds = new Set<string>();
  const parents = new Map<string, number>();
  let root: { service: string; name: string; start: bigint } | undefined;
  let minStart: bigint | undefined;
  let maxEnd = 0n;
  const total: Counts = { spanCount: 0, errorSpanCount: 0 };

  const add = (encoded: Uint8Array): void => {
    for (const span of spansOf(encoded)) {
      const service = span.resource.serviceName;
      let counts = services.get(service);
      if (counts === undefined) {
        counts = { spanCount: 0, errorSpanCount: 0 };
        services.set(service, counts);
      }
      counts.spanCount++;
      total.spanCount++;
      if (span.statusCode === StatusCode.error) {
        counts.errorSpanCount++;
        total.errorSpanCount++;
      }
      const start = span.startTimeUnixNano;
      if (minStart === undefined || start < minStart) minStart = start;
      if (span.endTimeUnixNano > maxEnd) maxEnd = span.endTimeUnixNano;
      spanIds.add(span.spanId);
      const parent = span.parentSpanId;
      if (parent !== "") parents.set(parent, (parents.get(parent) ?? 0) + 1);
      else if (root === undefined || isEarlierRoot(start, service, span.name, root)) {
        root = { service, name: span.name, start };
      }
    }
  };

  const finish = (): TraceSummary => {
    let orphanSpanCount = 0;
    for (const [parent, children] of parents) if (!spanIds.has(parent)) orphanSpanCount += children;
    return {
      traceId,
      rootServiceName: root?.service ?? "",
      rootOperationName: root?.name ?? "",
      minStartTimeUnixNano: minStart ?? 0n,
      maxEndTimeUnixNano: maxEnd,
      ...total,
      orphanSpanCount,
      services: Array.from(services, ([name, counts]): ServiceSummary => ({ name, ...counts })).sort((a, b) =>
        compareCodePoints(a.name, b.name),
      ),
    };
  };
  return { add, finish };
}

/** Names decide between roots of equal start, so that the order of arrival does not matter. */
function isEarlierRoot(
  start: bigint,
  service: string,
  name: string,
  root: { service: string; name: string; start: bigint },
): boolean {
  if (start !== root.start) return start < root.start;
  return (compareCodePoints(service, root.service) || compareCodePoints(name, root.name)) < 0;
}

/** Summarizes traces, in their order. The fragments are grouped by trace and without copies of spans. */
export async function* summarize(
  fragments: AsyncIterable<Pick<Fragment, "traceId" | "encoded">>,
  reading: Reading = uncounted,
): AsyncGenerator<TraceSummary, void, undefined> {
  let traceId: string | undefined;
  let summarizer = createSummarizer("");
  /** Counts the bytes of the trace: the summarizer keeps the ids of its spans, which take less. */
  const hold = reading.part();
  let bytes = 0;
  for await (const fragment of fragments) {
    if (fragment.traceId !== traceId) {
      if (traceId !== undefined) yield summarizer.finish();
      traceId = fragment.traceId;
      summarizer = createSummarizer(traceId);
      bytes = 0;
    }
    bytes += fragment.encoded.length;
    const room = hold(bytes);
    if (room !== undefined) await room;
    summarizer.add(fragment.encoded);
  }
  if (traceId !== undefined) yield summarizer.finish();
}
