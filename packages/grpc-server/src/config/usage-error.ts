import { closestMatch } from "leven";

/** The command line, the environment or the configuration file is wrong. One line for each problem. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** `; did you mean X?` with the nearest known name, or the empty text when none is near. */
export function hint(mistyped: string, known: readonly string[]): string {
  const best = nearestTo(mistyped, known);
  return best === undefined ? "" : `; did you mean ${best}?`;
}

/** The known name nearest to a mistyped one; undefined when none is near. */
export function nearestTo(mistyped: string, known: readonly string[]): string | undefined {
  const maxDistance = Math.max(2, Math.floor(mistyped.length / 3));
  const names = known.map((name) => name.toLowerCase());
  const nearest = closestMatch(mistyped.toLowerCase(), names, { maxDistance });
  return nearest === undefined ? undefined : known[names.indexOf(nearest)];
}
