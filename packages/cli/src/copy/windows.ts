import type { PlacedSpan } from "./content.js";
import type { TimeRange } from "./places/source.js";

/** A span of the source that has to be in the target. */
export interface ExpectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly startTimeUnixNano: bigint;
}

/** A range of time of which everything was read. */
export interface Window extends TimeRange {
  /** The spans of the source that started in it, by their content. */
  readonly expected: Map<string, ExpectedSpan>;
  /** Copies of spans that the source held beside them. */
  duplicates: number;
  /** Spans that the target refused. */
  rejected: number;
  /** Documents of the source there of which no span can be made. */
  unusable: number;
}

/** Cuts what is read, newest first, into windows that follow each other without a gap. */
export interface WindowCutter {
  /** @returns the spans that were not there before. */
  add(spans: readonly PlacedSpan[]): readonly PlacedSpan[];
  /** The window that can be closed now that everything from `oldest` on was read, if there is one. */
  cut(oldest: bigint): Window | undefined;
  /** The rest, down to the beginning of the range. */
  finish(): Window;
  /** Notes what can be no span. */
  unusable(count: number): void;
  /** Takes out a span that the target refuses, of the window that is open; false: it is not there. */
  refuse(content: string): boolean;
}

/** @param size so many spans make a window, when they did not all start at the same moment. */
export function createWindowCutter(range: TimeRange, size: number): WindowCutter {
  let open = windowOf(range.min, range.max);
  return {
    add(spans) {
      const fresh: PlacedSpan[] = [];
      for (const span of spans) {
        const { content, traceId, spanId, startTimeUnixNano } = span;
        if (open.expected.has(content)) {
          open.duplicates++;
          continue;
        }
        open.expected.set(content, { traceId, spanId, startTimeUnixNano });
        fresh.push(span);
      }
      return fresh;
    },
    cut(oldest) {
      // More spans may have started at the very moment at which reading stands.
      if (open.expected.size < size || oldest >= open.max) return undefined;
      const closed = { ...open, min: oldest + 1n };
      open = windowOf(range.min, oldest);
      for (const [content, span] of closed.expected) {
        if (span.startTimeUnixNano > oldest) continue;
        closed.expected.delete(content);
        open.expected.set(content, span);
      }
      return closed;
    },
    finish: () => open,
    unusable: (count) => {
      open.unusable += count;
    },
    refuse: (content) => refuseIn(open, content),
  };
}

function windowOf(min: bigint, max: bigint): Window {
  return { min, max, expected: new Map(), duplicates: 0, rejected: 0, unusable: 0 };
}

/** Takes a span that the target refuses out of a window; false: it is not there. */
export function refuseIn(window: Window, content: string): boolean {
  if (!window.expected.delete(content)) return false;
  window.rejected++;
  return true;
}
