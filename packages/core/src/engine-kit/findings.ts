import type { SpanStoreError } from "../errors/errors.js";

/** A finding of a diagnosis about one subject: a version, a setting, a limit, a table. */
export interface Finding {
  /** `warning`: it serves, weaker or slower than it could. `problem`: it does not serve, or loses something. */
  readonly level: "ok" | "warning" | "problem";
  /** The subject in a word or two: `version`, `binary log`. */
  readonly subject: string;
  /** The finding, in one sentence. */
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
}

/**
 * Says that a server has another value of an option than the store.
 * @param effect what follows.
 */
export function differingOption(option: string, own: string, stored: string, effect: string): Finding {
  const text = `${option} is ${own} here and ${stored} in the store: ${effect}`;
  return warning(option, text, `give all servers of this store the same ${option}`);
}

/** Makes warnings of findings, each once: every tenant of a store may bring them. */
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

/** An error as a problem: its message, and its hint as advice. */
export function problemOf(subject: string, { message, hint }: SpanStoreError): Finding {
  return problem(subject, message, hint);
}

/**
 * Runs a part of a diagnosis. An error becomes a problem.
 * @param storeError makes the engine's own errors a SpanStoreError; `doing` says what failed.
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
