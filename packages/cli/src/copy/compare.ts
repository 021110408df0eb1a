import { pause } from "@spanstore/core/engine";
import type { PatienceOptions } from "../transfer/patience.js";
import type { SpanSource } from "./places/source.js";
import { readSteadily } from "./read-steadily.js";
import type { ExpectedSpan, Window } from "./windows.js";

/** How a span differs between source and target. */
export interface Difference {
  readonly kind: "missing" | "changed" | "extra";
  readonly traceId: string;
  readonly spanId: string;
}

export interface Comparison {
  /** Spans that both sides have. */
  readonly same: number;
  readonly missing: number;
  /** Spans with the same ids and other contents. */
  readonly changed: number;
  readonly extra: number;
  /** Some of the differences. */
  readonly examples: readonly Difference[];
}

const maxExamples = 20;
/** The most target-only spans kept to tell changed spans from extra ones. */
const maxExtras = 10_000;
/** The pauses before spans are looked for again in a target whose searches lag behind its writes. */
const pausesMillis = [500, 2_000, 5_000];

/**
 * Reads windows of the target and compares them, span by span, with what the source has.
 * @param isPatient whether to look for missing spans again a few times; after one vain round later windows do without.
 */
export function createComparer(
  target: SpanSource,
  retry: PatienceOptions,
  isPatient: boolean,
): (window: Window) => Promise<Comparison> {
  let pauses = isPatient ? pausesMillis : [];
  return async (window) => {
    for (const millis of pauses) {
      const comparison = await compareOnce(target, window, retry);
      if (comparison.missing === 0 && comparison.changed === 0) return comparison;
      await pause(millis, retry.signal);
    }
    const comparison = await compareOnce(target, window, retry);
    if (comparison.missing > 0) pauses = [];
    return comparison;
  };
}

async function compareOnce(target: SpanSource, window: Window, retry: PatienceOptions): Promise<Comparison> {
  const { expected } = window;
  const found = new Set<string>();
  const extras = new Map<string, ExpectedSpan>();
  let extra = 0;
  for await (const { spans } of readSteadily(target, window, retry)) {
    for (const { content, traceId, spanId, startTimeUnixNano } of spans) {
      if (expected.has(content)) {
        found.add(content);
      } else if (!extras.has(content)) {
        extra++;
        if (extras.size < maxExtras) extras.set(content, { traceId, spanId, startTimeUnixNano });
      }
    }
  }
  const examples: Difference[] = [];
  const tell = (kind: Difference["kind"], { traceId, spanId }: ExpectedSpan): void => {
    if (examples.length < maxExamples) examples.push({ kind, traceId, spanId });
  };
  const others = new Map<string, string>();
  for (const [content, span] of extras) others.set(idsOf(span), content);
  let missing = 0;
  let changed = 0;
  if (found.size < expected.size) {
    for (const [content, span] of expected) {
      if (found.has(content)) continue;
      const other = others.get(idsOf(span));
      if (other === undefined) {
        missing++;
        tell("missing", span);
      } else {
        others.delete(idsOf(span));
        extras.delete(other);
        changed++;
        extra--;
        tell("changed", span);
      }
    }
  }
  for (const span of extras.values()) tell("extra", span);
  return { same: found.size, missing, changed, extra, examples };
}

function idsOf({ traceId, spanId }: ExpectedSpan): string {
  return `${traceId}${spanId}`;
}
