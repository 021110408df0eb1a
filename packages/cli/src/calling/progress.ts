import { type CommandFlags, onOff } from "./command.js";
import type { ErrorStream } from "./streams.js";

/** The flag of long-running commands. */
export const progressFlag = {
  progress: {
    placeholder: "",
    help: "Report progress every ten seconds when standard error is not a terminal.",
    schema: onOff,
  },
} as const satisfies CommandFlags;

/** Reports the progress of a command on standard error. */
export interface Progress {
  /** Reports when it is time to; cheap enough for every step. */
  tick(): void;
  /** Clears the terminal's line. Call it at the end, and before other output to standard error. */
  clear(): void;
}

const terminalIntervalMs = 200;
const lineIntervalMs = 10_000;
const clearLine = "\r\u001b[K";

/**
 * On a terminal the report overwrites its line; elsewhere it is a line every ten seconds, when asked for.
 * @param text returns the report.
 */
export function createProgress(errors: ErrorStream, asked: boolean, text: () => string): Progress {
  const isTerminal = errors.isTTY === true;
  if (!isTerminal && !asked) return { tick: () => undefined, clear: () => undefined };
  const interval = isTerminal ? terminalIntervalMs : lineIntervalMs;
  let last = Date.now();
  let shown = false;
  return {
    tick() {
      const now = Date.now();
      if (now - last < interval) return;
      last = now;
      shown = isTerminal;
      errors.write(isTerminal ? `${clearLine}${text()}` : `${text()}\n`);
    },
    clear() {
      if (shown) errors.write(clearLine);
      shown = false;
    },
  };
}
