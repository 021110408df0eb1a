import { SpanStoreError } from "../errors/errors.js";
import type { FilterCall } from "./filter/language/ast.js";
import type { Predicate } from "./filter/language/predicate.js";
import { resolveFilter } from "./filter/resolve/resolve.js";
import { attributeLabel, fieldLabel, type MetricLabel } from "./metric-labels.js";

/** A query for metrics: rates, errors and latencies of the spans that started in a range of time. */
export interface MetricsQuery {
  /** The range of the spans' start, in nanoseconds since the epoch; the end is exclusive. */
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  /** The length of a point in nanoseconds, counted from the start of the range; absent: one point for the whole range. */
  readonly stepNano?: bigint;
  /**
   * The labels of a series: `service`, `operation`, `kind`, `status`, and at most two attributes in TraceQL's spelling:
   * `span.http.route`, `resource.k8s.pod.name`, or `.http.route` for either level. Absent or empty: one series.
   */
  readonly groupBy?: readonly string[];
  /** Counts only matching spans. Rollups answer filters on service, name, kind and status; other filters read the spans. */
  readonly filter?: FilterCall;
  /** Default: true. With false, `latency` may be empty and large answers take a fraction of the time. */
  readonly latencies?: boolean;
}

/** A validated query. */
export interface MetricsSearch {
  readonly startTimeUnixNano: bigint;
  /** Exclusive. */
  readonly endTimeUnixNano: bigint;
  readonly stepNano: bigint;
  readonly labels: readonly MetricLabel[];
  readonly predicate: Predicate;
  readonly latencies: boolean;
}

/** The most points of a series, as in Prometheus. */
export const maxMetricPoints = 11_000;
const maxAttributes = 2;

/** @throws INVALID_QUERY or UNSUPPORTED_FILTER naming the field. */
export function searchOfMetricsQuery(query: MetricsQuery): MetricsSearch {
  const { startTimeUnixNano, endTimeUnixNano } = query;
  if (startTimeUnixNano < 0n) throw invalid("startTimeUnixNano", `is ${startTimeUnixNano}, before 1970`);
  if (endTimeUnixNano <= startTimeUnixNano) {
    throw invalid(
      "endTimeUnixNano",
      `is ${endTimeUnixNano}, not after startTimeUnixNano ${startTimeUnixNano}`,
    );
  }
  const length = endTimeUnixNano - startTimeUnixNano;
  const stepNano = query.stepNano ?? length;
  if (stepNano <= 0n) throw invalid("stepNano", `is ${stepNano}; a step is above 0`);
  const points = (length + stepNano - 1n) / stepNano;
  if (points > BigInt(maxMetricPoints)) {
    throw invalid("stepNano", `makes ${points} points; a series has at most ${maxMetricPoints}`);
  }
  return {
    startTimeUnixNano,
    endTimeUnixNano,
    stepNano,
    labels: metricLabelsOf(query.groupBy ?? [], "groupBy"),
    latencies: query.latencies ?? true,
    predicate: query.filter === undefined ? { op: "and", args: [] } : resolveFilter(query.filter),
  };
}

/** @throws INVALID_QUERY for an unknown or repeated name, or too many attributes. */
export function metricLabelsOf(groupBy: readonly string[], field: string): MetricLabel[] {
  const labels = groupBy.map((name, i) => {
    const path = `${field}[${i}]`;
    if (groupBy.indexOf(name) !== i) throw invalid(path, `names ${JSON.stringify(name)} a second time`);
    return fieldLabel(name) ?? attributeLabel(name, path);
  });
  const attributes = labels.filter(({ isField }) => !isField).length;
  if (attributes > maxAttributes) {
    throw invalid(field, `has ${attributes} attributes; at most ${maxAttributes} are allowed`);
  }
  return labels;
}

function invalid(field: string, what: string): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", `${field} ${what}`, { field });
}
