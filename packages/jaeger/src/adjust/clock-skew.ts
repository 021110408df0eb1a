import { goDuration } from "./go-duration.js";
import { idHex, noSpanId, type SpanColumns } from "./span-columns.js";
import type { AdjustedIds } from "./unique-ids.js";

/** How clock skew changes one span. */
export interface SkewedSpan {
  /** Nanoseconds that its times move by. */
  readonly delta: bigint;
  readonly warnings: readonly string[];
}

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

/**
 * Corrects clock skew as Jaeger does: moves a span of another host than its parent's into its parent, to the middle.
 * @param maxDelta nanoseconds; with 0 nothing moves, and spans that would have moved get a warning.
 * @returns the spans that change, by row.
 */
export function clockSkew(
  spans: SpanColumns,
  { id, parent }: AdjustedIds,
  maxDelta: bigint,
): ReadonlyMap<number, SkewedSpan> {
  const found = new Map<number, { delta: bigint; warnings: string[] }>();
  const at = (row: number): { delta: bigint; warnings: string[] } => {
    let one = found.get(row);
    if (one === undefined) {
      one = { delta: 0n, warnings: [] };
      found.set(row, one);
    }
    return one;
  };
  const start = [...spans.start];
  const end = [...spans.end];
  const rowOfId = new Map<string, number>();
  for (const [row, own] of id.entries()) {
    if (rowOfId.has(own)) at(row).warnings.push("duplicate span IDs; skipping clock skew adjustment");
    else rowOfId.set(own, row);
  }

  const children = new Map<number, number[]>();
  /** The spans to visit, with the shift and the host of their parent. */
  const pending: { row: number; parent: number; delta: bigint; host: string }[] = [];
  const hostOf = (row: number): string => spans.hostKeys[spans.host[row] as number] as string;
  for (const row of rowOfId.values()) {
    const above = parent[row] as string;
    const parentRow = above === noSpanId ? undefined : rowOfId.get(above);
    if (parentRow !== undefined) {
      const siblings = children.get(parentRow);
      if (siblings === undefined) children.set(parentRow, [row]);
      else siblings.push(row);
      continue;
    }
    if (above !== noSpanId) {
      at(row).warnings.push(
        `parent span ID=${idHex(above)} is not in the trace; skipping clock skew adjustment`,
      );
    }
    pending.push({ row, parent: -1, delta: 0n, host: hostOf(row) });
  }

  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { row, parent: above } = next;
    let { delta, host } = next;
    const own = hostOf(row);
    if (above >= 0 && (own !== host || own === "")) {
      host = own;
      delta = skewOf(start[row] as bigint, end[row] as bigint, start[above] as bigint, end[above] as bigint);
    }
    if (delta !== 0n) {
      const size = delta < 0n ? -delta : delta;
      if (size <= maxDelta) {
        start[row] = BigInt.asIntN(64, (start[row] as bigint) + delta);
        end[row] = BigInt.asIntN(64, (end[row] as bigint) + delta);
        at(row).delta = delta;
        at(row).warnings.push(`This span's timestamps were adjusted by ${goDuration(delta)}`);
      } else {
        at(row).warnings.push(tooFar(maxDelta, delta));
      }
    }
    for (const child of children.get(row) ?? []) pending.push({ row: child, parent: row, delta, host });
  }
  return found;
}

function tooFar(maxDelta: bigint, delta: bigint): string {
  const notApplied = `not applying calculated delta of ${goDuration(delta)}`;
  return maxDelta === 0n
    ? `clock skew adjustment disabled; ${notApplied}`
    : `max clock skew adjustment delta of ${goDuration(maxDelta)} exceeded; ${notApplied}`;
}

function skewOf(childStart: bigint, childEnd: bigint, parentStart: bigint, parentEnd: bigint): bigint {
  const parentDuration = bounded(parentEnd - parentStart);
  const childDuration = bounded(childEnd - childStart);
  if (childDuration > parentDuration) {
    return childStart < parentStart ? bounded(parentStart - childStart) : 0n;
  }
  if (childStart >= parentStart && childEnd <= parentEnd) return 0n;
  // Assumes that the way there takes as long as the way back.
  const latency = BigInt.asIntN(64, parentDuration - childDuration) / 2n;
  return bounded(parentStart + latency - childStart);
}

/** Go's differences of times saturate at 64 bits. */
function bounded(nanos: bigint): bigint {
  return nanos > int64Max ? int64Max : nanos < int64Min ? int64Min : nanos;
}
