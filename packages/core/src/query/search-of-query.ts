import { SpanStoreError } from "../store/errors.js";
import { classicPredicate } from "./filter/classic.js";
import type { Predicate } from "./filter/predicate.js";
import { defaultLimit, type TraceQuery } from "./trace-query.js";

/** A search after validation: what core runs against any engine. */
export interface TraceSearch {
  readonly predicate: Predicate;
  /** Inclusive. */
  readonly startTimeMinUnixNano: bigint;
  readonly startTimeMaxUnixNano: bigint;
  /** At least 1. */
  readonly limit: number;
}

export const maxUnixNano = 0xffffffffffffffffn;

/**
 * Validates a query and puts its defaults in.
 * @throws INVALID_QUERY naming the field.
 */
export function searchOfQuery(query: TraceQuery): TraceSearch {
  const limit = query.limit ?? defaultLimit;
  if (!Number.isFinite(limit)) throw invalid("limit", "is not a number");
  const range = checkTimeRange(query.startTimeMinUnixNano, query.startTimeMaxUnixNano, "startTime");
  checkRange(query.minDurationNano, query.maxDurationNano, "Duration");
  return {
    predicate: classicPredicate(query),
    startTimeMinUnixNano: range.min,
    startTimeMaxUnixNano: range.max,
    limit: limit <= 0 ? defaultLimit : Math.floor(limit),
  };
}

/** An inclusive time range with its open ends closed; OTLP's times are unsigned 64-bit nanoseconds. */
export function checkTimeRange(
  from: bigint | undefined,
  to: bigint | undefined,
  field: string,
): { min: bigint; max: bigint } {
  const min = from === undefined || from < 0n ? 0n : from;
  const max = to === undefined || to > maxUnixNano ? maxUnixNano : to;
  if (min > max) throw invalid(`${field}Min`, `lies after ${field}Max`);
  return { min, max };
}

function checkRange(min: bigint | undefined, max: bigint | undefined, name: string): void {
  if (min !== undefined && min < 0n) throw invalid(`min${name}`, "is negative");
  if (max !== undefined && max < 0n) throw invalid(`max${name}`, "is negative");
  if (min && max && min > max) throw invalid(`min${name}`, `is larger than max${name}`);
}

function invalid(field: string, problem: string): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", `${field} ${problem}`, { field });
}
