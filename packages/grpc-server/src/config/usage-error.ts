import { closestMatch } from "leven";

/** The command line, the environment or the configuration file is wrong: one line a problem. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** `; did you mean X?` with the known name nearest to a mistyped one, or nothing when none is near. */
export function hint(mistyped: string, known: readonly string[]): string {
  const best = nearestTo(mistyped, known);
  return best === undefined ? "" : `; did you mean ${best}?`;
}

/** Undefined when no known name is near to the mistyped one. */
export function nearestTo(mistyped: string, known: readonly string[]): string | undefined {
  const maxDistance = Math.max(2, Math.floor(mistyped.length / 3));
  const names = known.map((name) => name.toLowerCase());
  const nearest = closestMatch(mistyped.toLowerCase(), names, { maxDistance });
  return nearest === undefined ? undefined : known[names.indexOf(nearest)];
}
