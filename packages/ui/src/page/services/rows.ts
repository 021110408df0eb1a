import type { Series } from "../api/metrics.js";

/** A service or an operation with the metrics of its calls, which are undefined without calls. */
export interface MetricRow {
  readonly service: string;
  readonly operation: string;
  /** Calls a second over the whole range. */
  readonly rate: number | undefined;
  /** From 0 to 1. */
  readonly errors: number | undefined;
  /** The 95th percentile of the newest calls, in nanoseconds. */
  readonly latency: number | undefined;
  readonly rates: readonly number[];
  readonly errorRates: readonly number[];
  readonly latencies: readonly number[];
}

type Families = Readonly<Record<"calls" | "errors" | "latencies", readonly Series[]>>;

/**
 * One row for each series, those with the most calls first.
 * @param also services and operations that get a row even without calls.
 */
export function rowsOf(
  { calls, errors, latencies }: Families,
  also: readonly (readonly [service: string, operation: string])[],
): readonly MetricRow[] {
  const ids = new Map(also.map(([service, operation]) => [JSON.stringify([service, operation]), true]));
  for (const { service, operation } of calls) ids.set(JSON.stringify([service, operation]), true);
  const rows = [...ids.keys()].map((id): MetricRow => {
    const [service, operation] = JSON.parse(id) as [string, string];
    const valuesIn = (series: readonly Series[]): readonly number[] =>
      series.find((one) => one.service === service && one.operation === operation)?.values ?? [];
    const rates = valuesIn(calls);
    const errorRates = valuesIn(errors);
    const quantiles = valuesIn(latencies);
    const total = rates.reduce((sum, rate) => sum + (Number.isFinite(rate) ? rate : 0), 0);
    const failed = rates.reduce((sum, rate, i) => {
      const share = errorRates[i] ?? 0;
      return sum + (Number.isFinite(rate * share) ? rate * share : 0);
    }, 0);
    const newest = quantiles.findLast((value) => Number.isFinite(value));
    return {
      service,
      operation,
      rate: total === 0 ? undefined : total / rates.length,
      errors: total === 0 ? undefined : failed / total,
      latency: newest === undefined ? undefined : newest * 1e6,
      rates,
      errorRates,
      latencies: quantiles,
    };
  });
  return rows.sort(
    (a, b) =>
      (b.rate ?? 0) - (a.rate ?? 0) || compare(a.service, b.service) || compare(a.operation, b.operation),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
