import type { AnyValue } from "../model/any-value.js";
import type { FilterCall } from "./filter/language/ast.js";

/**
 * A search for traces. A trace matches when one of its spans satisfies every part together.
 * Either the classic parts (`service` to `maxDurationNano`) or `filter`, never both; the time
 * range, the limit and paging go with either.
 */
export interface TraceQuery {
  /** Exactly the `service.name` of the span's resource; absent or empty: any. */
  readonly service?: string;
  /** Exactly the span's name; absent or empty: any. */
  readonly operation?: string;
  /**
   * Each key must have the value, by its text form, at span, resource, scope, event or link level.
   * `error`, `span.kind`, `span.status`, `scope.name`, `scope.version` and the prefix `resource.`
   * mean what Jaeger's memory store makes of them.
   */
  readonly attributes?: Readonly<Record<string, AnyValue | string | number | boolean | bigint>>;
  /** Inclusive bounds of the span's end minus start, in nanoseconds; absent or 0n: none. */
  readonly minDurationNano?: bigint;
  readonly maxDurationNano?: bigint;
  /** The structured filter. */
  readonly filter?: FilterCall;
  /** Inclusive bounds of the span's start, in nanoseconds since the epoch; absent: none. */
  readonly startTimeMinUnixNano?: bigint;
  readonly startTimeMaxUnixNano?: bigint;
  /** At most this many traces, the newest; absent or <= 0: 100. Excludes `page`. */
  readonly limit?: number;
  readonly page?: PageRequest;
  /** `findTraces` gives at most this many spans of each trace; absent: all. */
  readonly spanLimit?: number;
}

/** A search for spans: those that match, by pages. */
export interface SpanQuery {
  readonly filter?: FilterCall;
  readonly startTimeMinUnixNano?: bigint;
  readonly startTimeMaxUnixNano?: bigint;
  readonly page?: PageRequest;
  /** Highest precedence first; missing keys of the default follow as tie-breakers. */
  readonly orderBy?: readonly SpanOrder[];
}

export interface SpanOrder {
  readonly field: "startTime" | "duration" | "traceID" | "spanID";
  readonly direction?: "asc" | "desc";
}

export interface PageRequest {
  /** At least 1. */
  readonly size: number;
  /** The `nextPageToken` of the page before; absent or empty: the first page. */
  readonly token?: string;
}

export const defaultLimit = 100;
