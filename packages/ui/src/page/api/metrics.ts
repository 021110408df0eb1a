import { askJson } from "./client.js";

/** Points of one service, or of one operation of it; NaN where there was no call. */
export interface Series {
  readonly service: string;
  /** Empty: of the whole service. */
  readonly operation: string;
  readonly values: readonly number[];
}

export type Metric = "calls" | "errors" | "latencies";

interface Family {
  readonly metrics: readonly {
    readonly labels: readonly { readonly name: string; readonly value: string }[];
    readonly metricPoints: readonly { readonly gaugeValue?: { readonly doubleValue: number | string } }[];
  }[];
}

/** So many points a sparkline has. */
const points = 40;
const minute = 60_000;
/** Of so many services the metrics are asked at once: their names stand in the address. */
const mostServices = 100;

/** Calls a second, the share of errors, or a latency in milliseconds, of spans that others called. */
export async function loadMetric(
  metric: Metric,
  services: readonly string[],
  options: { readonly lookback: number; readonly isByOperation: boolean; readonly end: number },
  signal: AbortSignal,
): Promise<readonly Series[]> {
  const step = Math.max(minute, Math.ceil(options.lookback / points / minute) * minute);
  const params = new URLSearchParams([
    ...services.slice(0, mostServices).map((name) => ["service", name]),
    ...["server", "consumer"].map((kind) => ["spanKind", kind]),
    ["endTs", String(options.end)],
    ["lookback", String(options.lookback)],
    ["step", String(step)],
    ["ratePer", String(step)],
    ["groupByOperation", String(options.isByOperation)],
    ...(metric === "latencies" ? [["quantile", "0.95"]] : []),
  ]);
  const family = await askJson<Family>(`api/metrics/${metric}?${params}`, { signal });
  return family.metrics.map(({ labels, metricPoints }) => {
    const label = (name: string): string => labels.find((one) => one.name === name)?.value ?? "";
    return {
      service: label("service_name"),
      operation: label("operation"),
      values: metricPoints.map(({ gaugeValue }) => Number(gaugeValue?.doubleValue ?? Number.NaN)),
    };
  });
}
