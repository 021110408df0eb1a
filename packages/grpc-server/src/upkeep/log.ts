import { isSpanStoreError } from "@spanstore/core";
import { destination, type Logger, pino, stdSerializers, stdTimeFunctions } from "pino";

/** Logs lines of JSON on standard error. Standard output is for results, such as that of `--print-config`. */
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

/** Leaves out the stack of a known failure, whose hint says what to do; defects keep theirs. */
function loggedError(error: unknown): unknown {
  if (!isSpanStoreError(error) || error.code === "INTERNAL") return stdSerializers.err(error as Error);
  const { code, message, field, hint } = error;
  return { code, message, field, hint };
}
