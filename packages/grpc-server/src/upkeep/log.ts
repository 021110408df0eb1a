import { destination, type Logger, pino, stdTimeFunctions } from "pino";

/** JSON lines on standard error, so that standard output stays for what is asked for (`--print-config`). */
export function createLog(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ fd: 2, sync: true }),
  );
}
