import type { JSX } from "preact";
import { go, routeTo, type View } from "../app/route.js";
import { t } from "../words/words.js";

const hour = 3_600_000;
const lookbacks: Readonly<Record<string, number>> = {
  "1h": hour,
  "6h": 6 * hour,
  "24h": 24 * hour,
  "7d": 7 * 24 * hour,
};

/** The length of a view's time range up to now, in milliseconds. Default: an hour. */
export function lookbackOf(query: URLSearchParams): number {
  const last = query.get("last") ?? "";
  return Object.hasOwn(lookbacks, last) ? (lookbacks[last] as number) : hour;
}

export function LookbackChoice({
  view,
  query,
}: {
  readonly view: View;
  readonly query: URLSearchParams;
}): JSX.Element {
  const chosen = lookbackOf(query);
  return (
    <select
      aria-label={t("time")}
      value={Object.keys(lookbacks).find((name) => lookbacks[name] === chosen)}
      onChange={(event) =>
        go(routeTo(view, [], { ...Object.fromEntries(query), last: event.currentTarget.value }))
      }
    >
      {Object.keys(lookbacks).map((name) => (
        <option key={name} value={name}>
          {t("last", { time: name })}
        </option>
      ))}
    </select>
  );
}
