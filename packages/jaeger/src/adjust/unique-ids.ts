import { SpanKind } from "@spanstore/core";
import { noSpanId, type SpanColumns } from "./span-columns.js";

/** The ids of a trace's spans and of their parents, after adjustment. */
export interface AdjustedIds {
  readonly id: readonly string[];
  readonly parent: readonly string[];
}

/**
 * Zipkin's clients give one id to both sides of a call. A server's span that shares its id with a client's gets a new id and
 * becomes the client's child. Its children stay with it.
 */
export function uniqueIds(spans: SpanColumns): AdjustedIds {
  const clients = new Set<string>();
  for (const [row, kind] of spans.kind.entries()) {
    if (kind === SpanKind.client) clients.add(spans.id[row] as string);
  }
  const isShared = (row: number): boolean =>
    spans.kind[row] === SpanKind.server && clients.has(spans.id[row] as string);
  if (!spans.id.some((_, row) => isShared(row))) return spans;

  const used = new Set(spans.id);
  const id = [...spans.id];
  const parent = [...spans.parent];
  const replaced = new Map<string, string>();
  let last = 0n;
  for (let row = 0; row < id.length; row++) {
    if (!isShared(row)) continue;
    const old = id[row] as string;
    let fresh: string;
    do fresh = idOf(++last);
    while (used.has(fresh));
    replaced.set(old, fresh);
    parent[row] = old;
    id[row] = fresh;
  }
  for (let row = 0; row < id.length; row++) {
    const fresh = replaced.get(parent[row] as string);
    if (fresh !== undefined && fresh !== id[row]) parent[row] = fresh;
  }
  return { id, parent };
}

function idOf(number: bigint): string {
  const bytes = Buffer.from(noSpanId, "latin1");
  bytes.writeBigUInt64BE(number);
  return bytes.toString("latin1");
}
