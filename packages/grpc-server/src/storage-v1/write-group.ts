import { type RejectedSpan, type SpanStore, SpanStoreError } from "@spanstore/core";
import { parseGroups } from "@spanstore/core/otlp";
import type { DeadLetters } from "../upkeep/dead-letters.js";
import type { Metrics } from "../upkeep/metrics.js";

/** A write takes no more than this, unless a single span is larger. */
const maxGroupBytes = 4 * 1024 * 1024;

/** Writes at the same time: while one is made durable the next is got ready. */
const maxInFlight = 2;

/** Joins the spans of many calls into few writes. */
export interface WriteGroup {
  /**
   * Resolves when the span of this encoded TracesData is durable.
   * @param size what the request of the span had, for the metrics.
   * @throws INVALID_TRACES when this span can never be stored; otherwise what the write failed with, and then
   *   the spans that were written with it have failed likewise.
   */
  write(encoded: Uint8Array, size: number): Promise<void>;
}

interface Waiting {
  readonly encoded: Uint8Array;
  readonly size: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What is written while the store is busy waits, and is then written together: encoded TracesData, one after the
 * other, are one TracesData. A store that has nothing to do is given a span in the turn of the event loop in which
 * it came.
 */
export function createWriteGroup(store: SpanStore, metrics: Metrics, deadLetters: DeadLetters): WriteGroup {
  let waiting: Waiting[] = [];
  let inFlight = 0;
  let scheduled = false;

  const start = (): void => {
    scheduled = false;
    while (inFlight < maxInFlight && waiting.length > 0) {
      const group = takeGroup(waiting);
      waiting = waiting.slice(group.length);
      inFlight++;
      void send(group).finally(() => {
        inFlight--;
        start();
      });
    }
  };

  const send = async (group: readonly Waiting[]): Promise<void> => {
    try {
      const { accepted, rejected } = await store.write(joined(group), { handOver: true });
      metrics.spansWritten(accepted, sum(group, "size"));
      deadLetters(rejected);
      for (const one of group) {
        const reason = rejected.length === 0 ? undefined : reasonAgainst(one.encoded, rejected);
        if (reason === undefined) one.resolve();
        else one.reject(new SpanStoreError("INVALID_TRACES", reason, { field: "span" }));
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };

  return {
    write: (encoded, size) =>
      new Promise((resolve, reject) => {
        waiting.push({ encoded, size, resolve, reject });
        if (scheduled || inFlight === maxInFlight) return;
        scheduled = true;
        setImmediate(start);
      }),
  };
}

function takeGroup(waiting: readonly Waiting[]): Waiting[] {
  let bytes = 0;
  const end = waiting.findIndex(({ encoded }, i) => {
    bytes += encoded.length;
    return i > 0 && bytes > maxGroupBytes;
  });
  return waiting.slice(0, end === -1 ? waiting.length : end);
}

function joined(group: readonly Waiting[]): Uint8Array {
  // Not of Node's pool, so that it can be handed to a thread without a copy.
  const bytes = new Uint8Array(sum(group, "encoded"));
  let at = 0;
  for (const { encoded } of group) {
    bytes.set(encoded, at);
    at += encoded.length;
  }
  return bytes;
}

/** Why the store can not keep this span, if so: it says which bytes it rejects, not whose they are. */
function reasonAgainst(encoded: Uint8Array, rejected: readonly RejectedSpan[]): string | undefined {
  const spans = parseGroups(encoded).map(({ bytes, spans: [start, end] }) => bytes.subarray(start, end));
  return rejected.find((one) => spans.some((span) => Buffer.compare(span, one.encoded) === 0))?.reason;
}

function sum(group: readonly Waiting[], what: "size" | "encoded"): number {
  let total = 0;
  for (const one of group) total += what === "size" ? one.size : one.encoded.length;
  return total;
}
