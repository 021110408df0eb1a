import { throwIfAborted } from "../../errors/errors.js";
import { parseGroups } from "../../otlp/groups.js";
import { SpanHead, timeOf } from "../../otlp/span-head.js";
import type { Predicate } from "../../query/filter/language/predicate.js";
import type { Expired } from "../contract/calls.js";
import type { Engine, EngineReader, ThreadedEngine } from "../contract/engine.js";

const everything: Predicate = { op: "and", args: [] };

/** A hint for the size of batches; the count reads all of them. */
const wanted = 1000;

/**
 * Implements `SpanStore.expire`: by the engine's own `expire`, or else by a count of the old spans and `deleteBefore`.
 */
export async function expireSpans(
  engine: Engine | ThreadedEngine,
  timeUnixNano: bigint,
  dryRun: boolean,
): Promise<readonly Expired[]> {
  if (timeUnixNano <= 0n) return [];
  if ("reads" in engine) return engine.expire(timeUnixNano, dryRun);
  if (engine.expire !== undefined) return engine.expire(timeUnixNano, dryRun);
  const { spans, bytes } = await countBefore(engine, timeUnixNano);
  if (spans === 0) return [];
  if (!dryRun) await engine.deleteBefore(timeUnixNano);
  return [{ name: engine.name, spans, bytes }];
}

/** Spans, and their encoded bytes. */
export interface SpanCount {
  readonly spans: number;
  readonly bytes: number;
}

/** Counts the spans that started before a time, including copies that the engine keeps. */
export async function countBefore(
  reader: Pick<EngineReader, "candidates">,
  timeUnixNano: bigint,
  signal?: AbortSignal,
): Promise<SpanCount> {
  let spans = 0;
  let bytes = 0;
  const search = {
    startTimeMinUnixNano: 0n,
    startTimeMaxUnixNano: timeUnixNano - 1n,
    predicate: everything,
    limit: wanted,
  };
  for await (const { fragments } of reader.candidates(search, signal)) {
    throwIfAborted(signal);
    for (const { encoded } of fragments) {
      const count = countSpansBefore(encoded, timeUnixNano);
      spans += count.spans;
      bytes += count.bytes;
    }
  }
  return { spans, bytes };
}

/** Counts the spans of an encoded TracesData that started before a time. */
export function countSpansBefore(encoded: Uint8Array, timeUnixNano: bigint): SpanCount {
  const head = new SpanHead();
  let spans = 0;
  let bytes = 0;
  for (const group of parseGroups(encoded)) {
    for (let i = 0; i < group.spans.length; i += 2) {
      const start = group.spans[i] as number;
      const end = group.spans[i + 1] as number;
      head.scan(encoded, start, end);
      if (timeOf(encoded, head.startTimeAt) >= timeUnixNano) continue;
      spans++;
      bytes += end - start;
    }
  }
  return { spans, bytes };
}
