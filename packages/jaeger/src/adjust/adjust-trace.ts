import { type SpanHead, spansOf } from "@spanstore/core/otlp";
import { adjustChunk } from "./adjust-chunk.js";
import { clockSkew } from "./clock-skew.js";
import type { SpanChange } from "./rewrite-span.js";
import { idAt, SpanColumns } from "./span-columns.js";
import { uniqueIds } from "./unique-ids.js";

/**
 * Adjusts a trace as Jaeger's query service does before it shows it: spans of Zipkin's that share an id get their own,
 * clocks of hosts are brought together, numbers become addresses, libraries' attributes go to the process, empty links
 * go. It needs the whole trace, but not all of it at once: every chunk is shown to it, and adjusted when all were shown.
 * The spans' own bytes are not kept.
 */
export interface TraceAdjuster {
  /** @throws INVALID_TRACES when the bytes are no OTLP. */
  show(encodedTracesData: Uint8Array): void;
  /**
   * @param maxClockSkewNano how far a span's times may be moved. 0: not at all, and a span whose times disagree with its
   *   parent's gets a warning.
   * @returns what adjusts the chunks, in the order in which they were shown.
   */
  finish(maxClockSkewNano: bigint): (encodedTracesData: Uint8Array) => Uint8Array;
  /** About how many bytes of memory it takes: for every span that was shown; after `finish` for every span that changes. */
  heldBytes(): number;
}

/** Of a span that is shown, in its columns. */
const bytesOfSpan = 150;
/** Of a span that changes, with its warnings. */
const bytesOfChange = 400;

export function createTraceAdjuster(): TraceAdjuster {
  let spans = new SpanColumns();
  let changed = 0;
  return {
    show(encoded) {
      for (const span of spansOf(encoded)) spans.add(span);
    },
    heldBytes: () => spans.id.length * bytesOfSpan + changed * bytesOfChange,
    finish(maxClockSkewNano) {
      const changes = changesOf(spans, maxClockSkewNano);
      // The chunks that are adjusted may be taken slowly.
      spans = new SpanColumns();
      changed = changes.size;
      const seen = new Map<string, number>();
      const changeOf = ({ bytes, spanIdAt, spanIdEnd }: SpanHead): SpanChange | undefined => {
        const id = idAt(bytes, spanIdAt, spanIdEnd);
        const ofId = changes.get(id);
        if (ofId === undefined) return undefined;
        const turn = seen.get(id) ?? 0;
        seen.set(id, turn + 1);
        return ofId[turn];
      };
      return (encoded) => adjustChunk(encoded, changeOf);
    },
  };
}

/** By the id that a span came with, since others may have come between; of those that share one, in their order. */
function changesOf(
  spans: SpanColumns,
  maxClockSkewNano: bigint,
): ReadonlyMap<string, readonly (SpanChange | undefined)[]> {
  const ids = uniqueIds(spans);
  const skewed = clockSkew(spans, ids, maxClockSkewNano);
  const rows = new Set(skewed.keys());
  for (const [row, id] of spans.id.entries()) {
    if (ids.id[row] !== id || ids.parent[row] !== spans.parent[row]) rows.add(row);
  }
  const changed = new Set([...rows].map((row) => spans.id[row] as string));
  const changes = new Map<string, (SpanChange | undefined)[]>();
  if (changed.size === 0) return changes;
  for (const [row, id] of spans.id.entries()) {
    if (!changed.has(id)) continue;
    const change = rows.has(row) ? changeOfRow(row) : undefined;
    const ofId = changes.get(id);
    if (ofId === undefined) changes.set(id, [change]);
    else ofId.push(change);
  }
  return changes;

  function changeOfRow(row: number): SpanChange {
    const { delta = 0n, warnings = [] } = skewed.get(row) ?? {};
    return {
      id: ids.id[row] === spans.id[row] ? undefined : ids.id[row],
      parent: ids.parent[row] === spans.parent[row] ? undefined : ids.parent[row],
      delta,
      warnings,
    };
  }
}
