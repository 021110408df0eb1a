/** An alert of a watch, for one set of labels. It is plain data, and kept in the file of the state. Times are milliseconds since 1970. */
export interface Alert {
  readonly watch: string;
  readonly labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** The link of the newest span that matched, if one is known. */
  link: string | undefined;
  /** `pending`: its metric has not been beyond the threshold for long enough. */
  state: "pending" | "firing" | "resolved";
  startsAt: number;
  /** When it ends unless another span matches, or ended; undefined while only its metric can end it. */
  endsAt: number | undefined;
  /** How many spans have matched. */
  matches: number;
  /** What each receiver was told last, by its URL. */
  readonly told: Record<string, Told>;
}

export interface Told {
  readonly state: "firing" | "resolved";
  readonly at: number;
}

/** What tells an alert from others. */
export function keyOf(labels: Alert["labels"]): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
