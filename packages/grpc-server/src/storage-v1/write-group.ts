import { type RejectedSpan, type SpanStore, SpanStoreError } from "@spanstore/core";
import { createGroupCommit, type GroupItem } from "@spanstore/core/engine";
import { parseGroups } from "@spanstore/core/otlp";
import type { DeadLetters } from "../upkeep/dead-letters.js";
import type { Metrics } from "../upkeep/metrics.js";

/** The most bytes of a write, unless a single span is larger. */
const maxGroupBytes = 4 * 1024 * 1024;

/** The most writes at the same time: one becomes durable while the next is prepared. */
const maxInFlight = 2;

/** Joins spans of many calls into few writes. */
export interface WriteGroup {
  /**
   * Resolves when the span of this encoded TracesData is durable.
   * @param size the bytes of the span's request, for the metrics.
   * @throws INVALID_TRACES when this span can never be stored; else the error of the write, which fails all spans in it.
   */
  write(encoded: Uint8Array, size: number): Promise<void>;
}

interface OneSpan {
  readonly encoded: Uint8Array;
  readonly size: number;
}

type Group = readonly GroupItem<OneSpan, void>[];

/**
 * Joins spans that arrive while the store is busy: concatenated TracesData are one TracesData. An idle store gets a span in
 * the same turn of the event loop.
 */
export function createWriteGroup(store: SpanStore, metrics: Metrics, deadLetters: DeadLetters): WriteGroup {
  const write = createGroupCommit<OneSpan, void>({
    bytesOf: ({ encoded }) => encoded.length,
    maxGroupBytes,
    concurrency: maxInFlight,
    write: async (group) => {
      const { accepted, rejected } = await store.write(joined(group), { handOver: true });
      metrics.spansWritten(accepted, sum(group, "size"));
      deadLetters(rejected);
      for (const { item, resolve, reject } of group) {
        const reason = rejected.length === 0 ? undefined : reasonAgainst(item.encoded, rejected);
        if (reason === undefined) resolve();
        else reject(new SpanStoreError("INVALID_TRACES", reason, { field: "span" }));
      }
    },
  });
  return { write: (encoded, size) => write({ encoded, size }) };
}

function joined(group: Group): Uint8Array {
  // Not from Node's pool, so that it can be transferred to a thread without a copy.
  const bytes = new Uint8Array(sum(group, "encoded"));
  let at = 0;
  for (const { item } of group) {
    bytes.set(item.encoded, at);
    at += item.encoded.length;
  }
  return bytes;
}

/** The reason when the store rejects this span, found by its bytes; undefined when it does not. */
function reasonAgainst(encoded: Uint8Array, rejected: readonly RejectedSpan[]): string | undefined {
  const spans = parseGroups(encoded).map(({ bytes, spans: [start, end] }) => bytes.subarray(start, end));
  return rejected.find((one) => spans.some((span) => Buffer.compare(span, one.encoded) === 0))?.reason;
}

function sum(group: Group, what: "size" | "encoded"): number {
  let total = 0;
  for (const { item } of group) total += what === "size" ? item.size : item.encoded.length;
  return total;
}
