import { createPatience, type PatienceOptions } from "../transfer/patience.js";
import { type PlacedSpan, placedSpans } from "./content.js";
import type { SourceBatch, SpanSource, TimeRange, Unusable } from "./places/source.js";

/** A batch of a source, taken apart. */
export interface ReadBatch {
  readonly spans: readonly PlacedSpan[];
  /** When the oldest of them started; undefined: there are none. */
  readonly oldest: bigint | undefined;
  readonly unusable: readonly Unusable[];
}

/**
 * Reads a range of a source, newest first. It waits after a failure that may pass, and reads on where it
 * stopped. The next batch is read while one is dealt with.
 */
export async function* readSteadily(
  source: SpanSource,
  range: TimeRange,
  retry: PatienceOptions,
): AsyncGenerator<ReadBatch, void, undefined> {
  const patience = createPatience(retry);
  let { max } = range;
  /** Spans that started at `max` and were given: a second reading brings them again. */
  let given = new Set<string>();
  for (;;) {
    let isAgain = given.size > 0;
    try {
      for await (const { encoded, unusable } of ahead(source.read({ min: range.min, max }, retry.signal))) {
        const all = [...placedSpans(encoded)];
        const spans = isAgain ? all.filter(({ content }) => !given.has(content)) : all;
        // A source that never comes further is not waited for without end.
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

/** The same, with the next one asked for already when one is given. */
async function* ahead(batches: AsyncIterable<SourceBatch>): AsyncGenerator<SourceBatch, void, undefined> {
  const iterator = batches[Symbol.asyncIterator]();
  const next = (): Promise<IteratorResult<SourceBatch>> => {
    const coming = iterator.next();
    // Looked at when its turn comes.
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
