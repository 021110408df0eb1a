import { SpanStoreError } from "../errors/errors.js";
import { classicPredicate } from "./classic.js";
import type { Predicate } from "./filter/language/predicate.js";
import { resolveFilter } from "./filter/resolve/resolve.js";
import {
  defaultLimit,
  type PageRequest,
  type SpanOrder,
  type SpanQuery,
  type TraceQuery,
} from "./trace-query.js";

/** A validated search for traces or spans. */
export interface Search {
  readonly predicate: Predicate;
  /** Inclusive. */
  readonly startTimeMinUnixNano: bigint;
  readonly startTimeMaxUnixNano: bigint;
}

export interface TraceSearch extends Search {
  /** At least 1. */
  readonly limit: number;
}

export const maxUnixNano = 0xffffffffffffffffn;

/** Matches every span. */
const everything: Predicate = { op: "and", args: [] };

/**
 * Validates a query and fills in the defaults.
 * @throws INVALID_QUERY or UNSUPPORTED_FILTER naming the field.
 */
export function searchOfQuery(query: TraceQuery): TraceSearch {
  const limit = query.limit ?? 0;
  if (!Number.isFinite(limit)) throw invalid("limit", "is not a number");
  if (query.page !== undefined) {
    checkPage(query.page);
    if (limit > 0) throw invalid("page", "and limit exclude each other");
  }
  const range = checkTimeRange(query.startTimeMinUnixNano, query.startTimeMaxUnixNano, "startTime");
  checkDurations(query.minDurationNano, query.maxDurationNano);
  return {
    predicate: query.filter === undefined ? classicPredicate(query) : filterPredicate(query),
    startTimeMinUnixNano: range.min,
    startTimeMaxUnixNano: range.max,
    limit: query.page?.size ?? (limit <= 0 ? defaultLimit : Math.max(1, Math.floor(limit))),
  };
}

/** Like {@link searchOfQuery}, for spans. Without a filter every span of the time range matches. */
export function searchOfSpanQuery(query: SpanQuery): Search {
  if (query.page !== undefined) checkPage(query.page);
  const range = checkTimeRange(query.startTimeMinUnixNano, query.startTimeMaxUnixNano, "startTime");
  return {
    predicate: query.filter === undefined ? everything : resolveFilter(query.filter),
    startTimeMinUnixNano: range.min,
    startTimeMaxUnixNano: range.max,
  };
}

const defaultOrder = [
  { field: "startTime", direction: "desc" },
  { field: "traceID", direction: "asc" },
  { field: "spanID", direction: "asc" },
] as const satisfies readonly SpanOrder[];

const orderFields: readonly string[] = ["startTime", "duration", "traceID", "spanID"];

/**
 * The effective order: the query's keys, then the missing keys of the default order.
 * @throws INVALID_QUERY for an unknown or repeated field, or an unknown direction.
 */
export function effectiveOrder(orderBy: readonly SpanOrder[] | undefined): Required<SpanOrder>[] {
  const order: Required<SpanOrder>[] = [];
  for (const [i, { field, direction = "asc" }] of (orderBy ?? []).entries()) {
    const path = `orderBy[${i}]`;
    if (!orderFields.includes(field))
      throw invalid(path, `names no field to sort by: ${JSON.stringify(field)}`);
    if (direction !== "asc" && direction !== "desc")
      throw invalid(path, "has a direction other than asc and desc");
    if (order.some((term) => term.field === field)) throw invalid(path, `names ${field} a second time`);
    order.push({ field, direction });
  }
  for (const term of defaultOrder) if (!order.some(({ field }) => field === term.field)) order.push(term);
  return order;
}

function filterPredicate(query: TraceQuery): Predicate {
  const beside = (["service", "operation", "attributes", "minDurationNano", "maxDurationNano"] as const).find(
    (field) => {
      const value = query[field];
      return typeof value === "object" ? Object.keys(value).length > 0 : Boolean(value);
    },
  );
  if (beside !== undefined) {
    throw new SpanStoreError("INVALID_QUERY", `a filter stands alone, but ${beside} stands beside it`, {
      field: beside,
      hint: "say it within the filter",
    });
  }
  return resolveFilter(query.filter as NonNullable<TraceQuery["filter"]>);
}

function checkPage(page: PageRequest): void {
  if (!Number.isInteger(page.size) || page.size < 1) throw invalid("page.size", "is no whole number above 0");
}

/** An inclusive time range with defaults for open ends. OTLP's times are unsigned 64-bit nanoseconds. */
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

function checkDurations(min: bigint | undefined, max: bigint | undefined): void {
  if (min !== undefined && min < 0n) throw invalid("minDuration", "is negative");
  if (max !== undefined && max < 0n) throw invalid("maxDuration", "is negative");
  if (min && max && min > max) throw invalid("minDuration", "is larger than maxDuration");
}

function invalid(field: string, problem: string): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", `${field} ${problem}`, { field });
}
