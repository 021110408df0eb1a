import type { RejectedSpan, SpanStore } from "@spanstore/core";
import type { PatienceOptions } from "../transfer/patience.js";
import { createSpanWriter } from "../transfer/write-spans.js";
import { type Comparison, createComparer, type Difference } from "./compare.js";
import { placedSpans } from "./content.js";
import { digestOf } from "./digest.js";
import { allTimes, type SpanSource, type TimeRange, type Unusable } from "./places/source.js";
import { readSteadily } from "./read-steadily.js";
import { requestsOf } from "./requests.js";
import type { CopyState, WindowRecord } from "./state-file.js";
import { createWindowCutter, refuseIn, type Window } from "./windows.js";

export interface CopyOptions {
  readonly source: SpanSource;
  readonly target: { readonly store: SpanStore; readonly source: SpanSource; readonly isPatient: boolean };
  readonly state: CopyState;
  /** The number of spans in a window, about. */
  readonly windowSize: number;
  /** Whether to write. */
  readonly writes: boolean;
  /** Whether to compare both sides. */
  readonly verifies: boolean;
  readonly retry: PatienceOptions;
  readonly on: CopyEvents;
}

export interface CopyEvents {
  /** Called with the number of spans read, and their oldest start. */
  readonly read: (spans: number, oldest: bigint) => void;
  /** Called with the number of spans that became durable. */
  readonly written: (spans: number) => void;
  readonly windowDone: (record: WindowRecord, differences: readonly Difference[]) => void;
  /** Called with a span or document that cannot be copied. */
  readonly unusable: (what: Unusable) => void;
  /** The same for one outside of all windows: it has no time, or the server does not say which span it rejected. */
  readonly unplaced: (what: Unusable) => void;
}

const nothingFound: Comparison = { same: 0, missing: 0, changed: 0, extra: 0, examples: [] };

/**
 * Copies the windows that the state does not have yet, newest first, and repeats those that differed. Each window is
 * written, read back, compared and recorded.
 * @throws the first error that does not pass; recorded windows stay.
 */
export async function copySpans(options: CopyOptions): Promise<void> {
  const { state, target, retry } = options;
  const compare = createComparer(target.source, retry, options.writes && target.isPatient);
  const copy = (range: TimeRange, windowSize: number) =>
    copyRange({ ...options, compare }, range, windowSize);
  for (const record of state.windows.filter(differs)) await copy(record, Number.POSITIVE_INFINITY);
  const { min, max } = state.range;
  const last = state.windows.at(-1);
  if (last === undefined) await copy({ min, max }, options.windowSize);
  else if (last.min > min) await copy({ min, max: last.min - 1n }, options.windowSize);
  if (min !== allTimes.min || max !== allTimes.max) return;
  for await (const { unusable } of options.source.readUnplaced?.(options.retry.signal) ?? []) {
    for (const each of unusable) options.on.unplaced(each);
  }
}

/** Whether the target lacks spans of the source; extra spans may come from other writers. */
export function differs({ missing, changed }: WindowRecord): boolean {
  return missing + changed > 0;
}

interface RangeOptions extends CopyOptions {
  readonly compare: (window: Window) => Promise<Comparison>;
}

async function copyRange(options: RangeOptions, range: TimeRange, windowSize: number): Promise<void> {
  const { source, target, retry, on, writes } = options;
  const cutter = createWindowCutter(range, windowSize);
  /** Closed windows that are not done yet. */
  const closing = new Set<Window>();
  let last: Promise<void> = Promise.resolve();

  const writer = writes
    ? createSpanWriter(target.store, {
        signal: retry.signal,
        written: on.written,
        waiting: (reason) => retry.failed(new Error(reason)),
        rejected: (spans, encoded) => {
          for (const span of spans) (span.encoded.length > 0 ? on.unusable : on.unplaced)(span);
          for (const content of contentsOf(spans, encoded)) {
            if (cutter.refuse(content)) continue;
            for (const window of closing) if (refuseIn(window, content)) break;
          }
        },
      })
    : undefined;

  const close = async (window: Window): Promise<void> => {
    closing.add(window);
    // Covers the spans given so far; later ones belong to later windows.
    const durable = writer?.finish();
    durable?.catch(() => undefined);
    await last;
    last = finishWindow(options, window, durable).finally(() => closing.delete(window));
    // Closing the next window awaits it.
    last.catch(() => undefined);
  };

  for await (const { spans, oldest, unusable } of readSteadily(source, range, retry)) {
    cutter.unusable(unusable.length);
    for (const each of unusable) on.unusable(each);
    if (oldest === undefined) continue;
    const fresh = cutter.add(spans);
    if (writer !== undefined) {
      for (const { encoded, spanCount } of requestsOf(fresh)) await writer.add(encoded, spanCount);
    }
    on.read(spans.length, oldest);
    const window = cutter.cut(oldest);
    if (window !== undefined) await close(window);
  }
  await close(cutter.finish());
  await last;
}

async function finishWindow(
  { compare, state, on, verifies }: RangeOptions,
  window: Window,
  durable: Promise<void> | undefined,
): Promise<void> {
  await durable;
  const comparison = verifies ? await compare(window) : nothingFound;
  const { missing, changed, extra, examples } = comparison;
  const record: WindowRecord = {
    min: window.min,
    max: window.max,
    spans: window.expected.size,
    digest: digestOf(window.expected.keys()),
    duplicates: window.duplicates,
    rejected: window.rejected,
    unusable: window.unusable,
    verified: verifies,
    missing,
    changed,
    extra,
  };
  await state.add(record);
  on.windowDone(record, examples);
}

/** The contents of rejected spans, which are found by their bytes in the request. */
function contentsOf(rejected: readonly RejectedSpan[], request: Uint8Array): string[] {
  const wanted = rejected.map(({ encoded }) => encoded);
  const contents: string[] = [];
  for (const { group, start, end, content } of placedSpans(request)) {
    const bytes = group.bytes.subarray(start, end);
    if (wanted.some((each) => Buffer.compare(each, bytes) === 0)) contents.push(content);
  }
  return contents;
}
