import type { PlacedSpan } from "./content.js";
import type { TimeRange } from "./places/source.js";

/** A span of the source that the target must have. */
export interface ExpectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly startTimeUnixNano: bigint;
}

/** A range of time whose spans were all read. */
export interface Window extends TimeRange {
  /** The source's spans that started in the window, by content. */
  readonly expected: Map<string, ExpectedSpan>;
  /** The source's further copies of the same spans. */
  duplicates: number;
  /** Spans that the target rejected. */
  rejected: number;
  /** Documents of the source that cannot be translated to spans. */
  unusable: number;
}

/** Cuts spans that are read newest first into windows without gaps. */
export interface WindowCutter {
  /** @returns the spans that are new to the window. */
  add(spans: readonly PlacedSpan[]): readonly PlacedSpan[];
  /** @param oldest the oldest start read so far. @returns the window that is now complete, if any. */
  cut(oldest: bigint): Window | undefined;
  /** The rest, down to the beginning of the range. */
  finish(): Window;
  /** Counts documents that cannot be translated to spans. */
  unusable(count: number): void;
  /** Removes a span that the target rejects from the open window; false when it is not in it. */
  refuse(content: string): boolean;
}

/** @param size the number of spans at which a window closes; one with more spans of the same start has more. */
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
      // More spans may have started at `oldest` itself, so these stay in the open window.
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

/** Removes a span that the target rejects from a window; false when it is not in it. */
export function refuseIn(window: Window, content: string): boolean {
  if (!window.expected.delete(content)) return false;
  window.rejected++;
  return true;
}
