/** An alert of a watch, for one set of labels: plain data, kept in the state file. Times are milliseconds since 1970. */
export interface Alert {
  readonly watch: string;
  readonly labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** The link of the newest span that matched, if one is known. */
  link: string | undefined;
  /** `pending`: the metric is beyond the threshold, but not for long enough yet. */
  state: "pending" | "firing" | "resolved";
  startsAt: number;
  /** When it ended, or will end without another match; undefined while only its metric can end it. */
  endsAt: number | undefined;
  /** The number of spans that have matched. */
  matches: number;
  /** The last message to each receiver, by its URL. */
  readonly told: Record<string, Told>;
}

export interface Told {
  readonly state: "firing" | "resolved";
  readonly at: number;
}

/** The identity of an alert: its labels. */
export function keyOf(labels: Alert["labels"]): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
