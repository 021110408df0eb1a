import "../styles/pages.css";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { ApiError } from "../api/client.js";
import { loadMetric, type Metric, type Series } from "../api/metrics.js";
import { services } from "../api/names.js";
import { route, routeTo } from "../app/route.js";
import { LookbackChoice, lookbackOf } from "../kit/lookback.js";
import { Problem } from "../kit/problem.js";
import { useLoaded } from "../kit/use-loaded.js";
import { t } from "../words/words.js";
import { MetricTable } from "./metric-table.js";
import { rowsOf } from "./rows.js";

const metrics: readonly Metric[] = ["calls", "errors", "latencies"];

/** Services with their rates, errors and latencies, or the operations of a chosen service. */
export function ServicesView(): JSX.Element {
  const { query } = route.value;
  const lookback = lookbackOf(query);
  const service = query.get("service") ?? "";
  const last = query.get("last") ?? undefined;
  const names = services.value;
  const asked = useMemo(() => (service === "" ? names : [service]), [names, service]);
  const { value, error, retry } = useLoaded<readonly (readonly Series[])[]>(
    async (signal) => {
      if (asked.length === 0) return [[], [], []];
      const options = { lookback, isByOperation: service !== "", end: Date.now() };
      // A server without metrics still has services.
      return Promise.all(
        metrics.map((metric) =>
          loadMetric(metric, asked, options, signal).catch((failure: unknown) => {
            if (failure instanceof ApiError && failure.status === 501) return [];
            throw failure;
          }),
        ),
      );
    },
    [asked, lookback, service],
  );
  const [calls = [], errors = [], latencies = []] = value ?? [];
  const rows = rowsOf({ calls, errors, latencies }, service === "" ? names.map((name) => [name, ""]) : []);
  return (
    <div class="page">
      <div class="page-head">
        <h1>{service === "" ? t("services") : t("operationsOf", { service })}</h1>
        {service !== "" && <a href={routeTo("services", [], { last })}>{t("allServices")}</a>}
        <LookbackChoice view="services" query={query} />
      </div>
      {error !== undefined && <Problem error={error} retry={retry} />}
      {value !== undefined && rows.length === 0 ? (
        <p class="nothing">{t("nothingFound")}</p>
      ) : (
        <MetricTable rows={rows} isByOperation={service !== ""} last={last} />
      )}
    </div>
  );
}
