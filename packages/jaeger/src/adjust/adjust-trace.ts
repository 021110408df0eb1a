import { type SpanHead, spansOf } from "@spanstore/core/otlp";
import { adjustChunk } from "./adjust-chunk.js";
import { clockSkew } from "./clock-skew.js";
import type { SpanChange } from "./rewrite-span.js";
import { idAt, SpanColumns } from "./span-columns.js";
import { uniqueIds } from "./unique-ids.js";

/**
 * Adjusts a trace as Jaeger's query service does before it shows it: gives unique ids to Zipkin spans that share one, corrects
 * the clock skew between hosts, turns numbers into IP addresses, moves attributes of libraries to the process, removes empty
 * links. Show it every chunk first, then call `finish` and adjust the chunks. It does not keep the spans' bytes.
 */
export interface TraceAdjuster {
  /** @throws INVALID_TRACES when the bytes are no OTLP. */
  show(encodedTracesData: Uint8Array): void;
  /**
   * @param maxClockSkewNano the most that a span's times may move. 0: not at all; spans that would have moved get a warning.
   * @returns a function that adjusts the chunks. Call it in the order in which they were shown.
   */
  finish(maxClockSkewNano: bigint): (encodedTracesData: Uint8Array) => Uint8Array;
  /** The approximate memory it takes: for each span that was shown; after `finish` for each span that changes. */
  heldBytes(): number;
}

/** Memory of a shown span, in its columns. */
const bytesOfSpan = 150;
/** Memory of a span that changes, with its warnings. */
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
      // Frees the columns, since the caller may adjust the chunks slowly.
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

/** The changes by original span id; spans that share an id keep their order. A span without a change is undefined. */
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
