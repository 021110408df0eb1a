import { askJson } from "./client.js";

/** The points of a service, or of one of its operations; NaN without a call. */
export interface Series {
  readonly service: string;
  /** Empty for the whole service. */
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

/** The points of a sparkline. */
const points = 40;
const minute = 60_000;
/** The most services in one call, since the URL contains their names. */
const mostServices = 100;

/** Loads calls a second, the share of errors, or a latency in milliseconds, of server and consumer spans. */
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
