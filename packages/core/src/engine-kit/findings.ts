/** What a diagnosis says of one thing: a version, a setting, a limit, a table. */
export interface Finding {
  /** `warning`: it serves, weaker or slower than it could. `problem`: it does not serve, or loses something. */
  readonly level: "ok" | "warning" | "problem";
  /** What was looked at, in a word or two: `version`, `binary log`. */
  readonly subject: string;
  /** What was found, in one sentence. */
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
}
