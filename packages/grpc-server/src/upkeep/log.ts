import { isSpanStoreError } from "@spanstore/core";
import { destination, type Logger, pino, stdSerializers, stdTimeFunctions } from "pino";

/** JSON lines on standard error, so that standard output stays for what is asked for (`--print-config`). */
export function createLog(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: loggedError },
    },
    destination({ fd: 2, sync: true }),
  );
}

/** A known failure says what to do; where in the program it showed is for defects, and would come with every call. */
function loggedError(error: unknown): unknown {
  if (!isSpanStoreError(error) || error.code === "INTERNAL") return stdSerializers.err(error as Error);
  const { code, message, field, hint } = error;
  return { code, message, field, hint };
}
