import type { JSX } from "preact";
import { go, routeTo } from "../app/route.js";
import { emptyFields } from "../filter/fields.js";
import { loadLanguage } from "../filter/load.js";
import { colourOf } from "../kit/colours.js";
import { Icon } from "../kit/icons.js";
import { Sparkline } from "../kit/sparkline.js";
import { Text } from "../kit/text.js";
import { formatDuration, formatRate, formatShare } from "../time/format.js";
import { t } from "../words/words.js";
import type { MetricRow } from "./rows.js";

interface MetricTableProps {
  readonly rows: readonly MetricRow[];
  readonly isByOperation: boolean;
  readonly last: string | undefined;
}

export function MetricTable({ rows, isByOperation, last }: MetricTableProps): JSX.Element {
  return (
    <table class="metrics">
      <thead>
        <tr>
          <th scope="col">{t(isByOperation ? "operation" : "service")}</th>
          <th scope="col" colSpan={2}>
            {t("rate")}
          </th>
          <th scope="col" colSpan={2}>
            {t("errors")}
          </th>
          <th scope="col" colSpan={2}>
            {t("latency95")}
          </th>
          <th scope="col">
            <span class="unseen">{t("search")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.service} ${row.operation}`}>
            <th scope="row">
              <span class="dotted">
                <span class={`dot ${colourOf(row.service)}`} aria-hidden="true" />
                {isByOperation ? (
                  <Text value={row.operation} />
                ) : (
                  <a href={routeTo("services", [], { service: row.service, last })}>
                    <Text value={row.service} />
                  </a>
                )}
              </span>
            </th>
            <td class="number">{row.rate === undefined ? "–" : formatRate(row.rate)}</td>
            <td class="line">
              <Sparkline values={row.rates} kind="calm" />
            </td>
            <td class={`number ${row.errors ? "error" : ""}`}>
              {row.errors === undefined ? "–" : formatShare(row.errors)}
            </td>
            <td class="line">
              <Sparkline values={row.errorRates} kind="failed" />
            </td>
            <td class="number">{row.latency === undefined ? "–" : formatDuration(row.latency)}</td>
            <td class="line">
              <Sparkline values={row.latencies} kind="calm" />
            </td>
            <td class="tools">
              <button
                type="button"
                class="quiet"
                aria-label={t("searchFor", { name: row.operation || row.service })}
                onClick={() => void searchFor(row)}
              >
                <Icon name="search" />
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

async function searchFor({ service, operation }: MetricRow): Promise<void> {
  const { filterOfFields } = await loadLanguage();
  const q = filterOfFields({ ...emptyFields, service, operation });
  go(routeTo("search", [], { q }));
}
