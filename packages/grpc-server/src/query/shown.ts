import type { SpanStore, TraceChunk } from "@spanstore/core";
import { shownTrace, shownTraces, type TraceReading } from "@spanstore/http";

/** The stores behind a query service. */
export interface QueryStores {
  readonly store: SpanStore;
  readonly archive: (() => Promise<SpanStore>) | undefined;
  /** The most by which times are moved when hosts' clocks disagree, in milliseconds. */
  readonly maxClockSkewMs: number;
}

/** The spans of a larger trace are read twice. */
const heldTraceBytes = 1024 * 1024;

function reading({ store, archive, ...settings }: QueryStores, signal: AbortSignal): TraceReading {
  return { store, archive, signal, settings: { ...settings, heldTraceBytes } };
}

/** A trace, adjusted as by Jaeger's query service; undefined when neither the store nor the archive has it. */
export async function traceShown(
  stores: QueryStores,
  traceId: string,
  raw: boolean,
  signal: AbortSignal,
): Promise<AsyncIterable<TraceChunk> | undefined> {
  return (await shownTrace(reading(stores, signal), traceId, raw))?.chunks();
}

/** Picks methods by name. */
export function picked<T>(
  methods: Readonly<Record<string, T>> | undefined,
  ...names: readonly string[]
): Record<string, T> {
  return Object.fromEntries(Object.entries(methods ?? {}).filter(([name]) => names.includes(name)));
}

/** The traces of a search, adjusted as by Jaeger's query service. */
export function tracesShown(
  stores: QueryStores,
  chunks: AsyncIterable<TraceChunk>,
  raw: boolean,
  signal: AbortSignal,
): AsyncIterable<TraceChunk> {
  return shownTraces(reading(stores, signal), chunks, { raw });
}
