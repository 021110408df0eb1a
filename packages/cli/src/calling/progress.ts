import { type CommandFlags, onOff } from "./command.js";
import type { ErrorStream } from "./streams.js";

/** The flag of a command whose work is long. */
export const progressFlag = {
  progress: {
    placeholder: "",
    help: "Say how far it is every ten seconds, where standard error is no terminal.",
    schema: onOff,
  },
} as const satisfies CommandFlags;

/** Reports on standard error how far a long command is. */
export interface Progress {
  /** May be called as often as one likes. */
  tick(): void;
  /** Clears the line on a terminal; before anything else is written to standard error, and at the end. */
  clear(): void;
}

const terminalIntervalMs = 200;
const lineIntervalMs = 10_000;
const clearLine = "\r\u001b[K";

/**
 * On a terminal a line that is written over; elsewhere a line every ten seconds, if they are asked for.
 * @param text makes the report.
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
