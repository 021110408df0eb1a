import type { AnyValue } from "../model/any-value.js";
import type { FilterCall } from "./filter/language/ast.js";

/**
 * A search for traces. A trace matches when one of its spans satisfies all parts together. Give either the classic parts
 * (`service` to `maxDurationNano`) or `filter`; the time range, the limit and pagination go with both.
 */
export interface TraceQuery {
  /** The exact `service.name` of the span's resource; absent or empty: any. */
  readonly service?: string;
  /** The exact name of the span; absent or empty: any. */
  readonly operation?: string;
  /**
   * Each attribute must have the value, by its text form, at span, resource, scope, event or link level. `error`, `span.kind`,
   * `span.status`, `scope.name`, `scope.version` and the prefix `resource.` have the meaning of Jaeger's memory store.
   */
  readonly attributes?: Readonly<Record<string, AnyValue | string | number | boolean | bigint>>;
  /** Inclusive bounds of the span's duration, in nanoseconds; absent or 0n: none. */
  readonly minDurationNano?: bigint;
  readonly maxDurationNano?: bigint;
  /** The structured filter. */
  readonly filter?: FilterCall;
  /** Inclusive bounds of the span's start, in nanoseconds since the epoch; absent: none. */
  readonly startTimeMinUnixNano?: bigint;
  readonly startTimeMaxUnixNano?: bigint;
  /** The most traces, newest first; absent or <= 0: 100. Excludes `page`. */
  readonly limit?: number;
  readonly page?: PageRequest;
  /** The most spans of a trace that `findTraces` returns; absent: all. */
  readonly spanLimit?: number;
}

/** A search for spans, with pagination. */
export interface SpanQuery {
  readonly filter?: FilterCall;
  readonly startTimeMinUnixNano?: bigint;
  readonly startTimeMaxUnixNano?: bigint;
  readonly page?: PageRequest;
  /** Highest precedence first. The missing keys of the default order follow as tie-breakers. */
  readonly orderBy?: readonly SpanOrder[];
}

export interface SpanOrder {
  readonly field: "startTime" | "duration" | "traceID" | "spanID";
  readonly direction?: "asc" | "desc";
}

export interface PageRequest {
  /** At least 1. */
  readonly size: number;
  /** The `nextPageToken` of the previous page; absent or empty: the first page. */
  readonly token?: string;
}

export const defaultLimit = 100;
