import type { Range, SpanOrder } from "../api/search.js";
import { routeTo } from "../app/route.js";

/** A search and the form of its results. The URL has all of it. */
export interface SearchState {
  /** TraceQL; empty: everything. */
  readonly q: string;
  readonly find: "traces" | "spans";
  readonly time: TimeChoice;
  /** The order of spans. */
  readonly order: SpanOrder;
  /** Keys of the attributes in columns of spans. */
  readonly columns: readonly string[];
}

/** A length of time up to now, or a range between two times in milliseconds since 1970. */
export type TimeChoice = { readonly last: Preset } | Range;

export const presets = ["5m", "15m", "1h", "3h", "12h", "24h", "2d", "7d", "30d"] as const;
export type Preset = (typeof presets)[number];

const defaultPreset: Preset = "24h";

const orders = ["startTime", "duration"] as const;

export function searchOfQuery(query: URLSearchParams): SearchState {
  const [field = "startTime", direction] = (query.get("order") ?? "").split(" ");
  return {
    q: query.get("q") ?? "",
    find: query.get("find") === "spans" ? "spans" : "traces",
    time: timeOfQuery(query),
    order: {
      field: orders.find((one) => one === field) ?? "startTime",
      direction: direction === "asc" ? "asc" : "desc",
    },
    columns: query.getAll("column").filter((key) => key !== ""),
  };
}

function timeOfQuery(query: URLSearchParams): TimeChoice {
  const from = Date.parse(query.get("from") ?? "");
  const to = Date.parse(query.get("to") ?? "");
  if (from < to) return { from, to };
  const last = query.get("last");
  return { last: presets.find((preset) => preset === last) ?? defaultPreset };
}

/** The hash for `searchOfQuery`, without default values. */
export function hashOfSearch(state: SearchState): string {
  const { q, find, time, order, columns } = state;
  const isNewest = order.field === "startTime" && order.direction === "desc";
  const hash = routeTo("search", [], {
    q,
    find: find === "traces" ? "" : find,
    order: isNewest ? "" : `${order.field} ${order.direction}`,
    ...("last" in time
      ? { last: time.last === defaultPreset ? "" : time.last }
      : { from: new Date(time.from).toISOString(), to: new Date(time.to).toISOString() }),
  });
  if (columns.length === 0) return hash;
  const more = new URLSearchParams(columns.map((key) => ["column", key])).toString();
  return `${hash}${hash.includes("?") ? "&" : "?"}${more}`;
}

const unitMillis = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The clocks of senders may be ahead of the browser's. */
const aheadMillis = 60_000;

/** The range of a choice at the time `now`. */
export function rangeOf(time: TimeChoice, now: number): Range {
  if (!("last" in time)) return time;
  const unit = time.last.slice(-1) as keyof typeof unitMillis;
  return { from: now - Number.parseInt(time.last, 10) * unitMillis[unit], to: now + aheadMillis };
}

/** The trace id in a line that is nothing else; undefined for any other line. */
export function traceIdIn(text: string): string | undefined {
  const id = text.trim().toLowerCase();
  return /^(?:[0-9a-f]{32}|[0-9a-f]{16})$/.test(id) && !/^0+$/.test(id) ? id : undefined;
}

/** Adds the braces that a filter line may omit. */
export function wholeFilter(text: string): string {
  const line = text.trim();
  return line === "" || line.startsWith("{") ? line : `{ ${line} }`;
}
