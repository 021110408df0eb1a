import { createPatience, type PatienceOptions } from "../transfer/patience.js";
import { type PlacedSpan, placedSpans } from "./content.js";
import type { SourceBatch, SpanSource, TimeRange, Unusable } from "./places/source.js";

/** A batch of a source, parsed to spans. */
export interface ReadBatch {
  readonly spans: readonly PlacedSpan[];
  /** The oldest start; undefined without spans. */
  readonly oldest: bigint | undefined;
  readonly unusable: readonly Unusable[];
}

/**
 * Reads a range of a source, newest first. After a failure that may pass it waits, and goes on where it stopped. It reads
 * one batch ahead.
 */
export async function* readSteadily(
  source: SpanSource,
  range: TimeRange,
  retry: PatienceOptions,
): AsyncGenerator<ReadBatch, void, undefined> {
  const patience = createPatience(retry);
  let { max } = range;
  /** Spans that started at `max` and were given already: reading again from `max` repeats them. */
  let given = new Set<string>();
  for (;;) {
    let isAgain = given.size > 0;
    try {
      for await (const { encoded, unusable } of ahead(source.read({ min: range.min, max }, retry.signal))) {
        const all = [...placedSpans(encoded)];
        const spans = isAgain ? all.filter(({ content }) => !given.has(content)) : all;
        // Only progress resets the patience, so a source that makes none fails in the end.
        if (spans.length + unusable.length > 0) patience.reset();
        const oldest = oldestOf(spans);
        if (oldest !== undefined) {
          if (oldest !== max) given = new Set();
          isAgain &&= oldest === max;
          max = oldest;
          for (const span of spans) if (span.startTimeUnixNano === oldest) given.add(span.content);
        }
        yield { spans, oldest, unusable };
      }
      return;
    } catch (error) {
      await patience.after(error);
    }
  }
}

function oldestOf(spans: readonly PlacedSpan[]): bigint | undefined {
  let oldest = spans[0]?.startTimeUnixNano;
  for (const { startTimeUnixNano } of spans) {
    if (oldest === undefined || startTimeUnixNano < oldest) oldest = startTimeUnixNano;
  }
  return oldest;
}

/** Yields the same batches, and requests the next one before it yields one. */
async function* ahead(batches: AsyncIterable<SourceBatch>): AsyncGenerator<SourceBatch, void, undefined> {
  const iterator = batches[Symbol.asyncIterator]();
  const next = (): Promise<IteratorResult<SourceBatch>> => {
    const coming = iterator.next();
    // Awaited in its turn.
    coming.catch(() => undefined);
    return coming;
  };
  try {
    for (let coming = next(); ; ) {
      const result = await coming;
      if (result.done) return;
      coming = next();
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}
