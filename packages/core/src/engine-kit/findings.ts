import type { SpanStoreError } from "../errors/errors.js";

/** A finding of a diagnosis about one subject: a version, a setting, a limit, a table. */
export interface Finding {
  /** `warning`: the store works, but less safely or slower than it could. `problem`: it does not work, or loses data. */
  readonly level: "ok" | "warning" | "problem";
  /** The subject in a word or two: `version`, `binary log`. */
  readonly subject: string;
  /** The finding, in one sentence. */
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
}

/**
 * A warning that this server and the store differ in the value of an option.
 * @param effect the consequence.
 */
export function differingOption(option: string, own: string, stored: string, effect: string): Finding {
  const text = `${option} is ${own} here and ${stored} in the store: ${effect}`;
  return warning(option, text, `give all servers of this store the same ${option}`);
}

/** Passes findings to `warn`, each once, since every tenant of a store may report the same ones. */
export function warnOnce(
  warn: ((message: string) => void) | undefined,
): (findings: readonly Finding[]) => void {
  const told = new Set<string>();
  return (findings) => {
    for (const { text, advice } of findings) {
      const message = advice === undefined ? text : `${text}; ${advice}`;
      if (told.has(message)) continue;
      told.add(message);
      warn?.(message);
    }
  };
}

export function ok(subject: string, text: string): Finding {
  return { level: "ok", subject, text };
}

export function warning(subject: string, text: string, advice?: string): Finding {
  return finding("warning", subject, text, advice);
}

export function problem(subject: string, text: string, advice?: string): Finding {
  return finding("problem", subject, text, advice);
}

function finding(level: Finding["level"], subject: string, text: string, advice?: string): Finding {
  return { level, subject, text, ...(advice !== undefined && { advice }) };
}

/** Makes a problem from an error: its message, with its hint as advice. */
export function problemOf(subject: string, { message, hint }: SpanStoreError): Finding {
  return problem(subject, message, hint);
}

/**
 * Runs a part of a diagnosis. An error becomes a problem.
 * @param storeError converts an error of the engine to a SpanStoreError; `doing` names what failed.
 */
export async function findingsOf(
  subject: string,
  look: () => Promise<readonly Finding[]>,
  storeError: (error: unknown, doing: string) => SpanStoreError,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [problemOf(subject, storeError(error, `cannot look at ${subject}`))];
  }
}
