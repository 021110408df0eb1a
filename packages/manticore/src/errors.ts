import { isSpanStoreError, SpanStoreError } from "@spanstore/core";

/** What went wrong, as far as it decides what is done about it. */
export type Failure =
  /** Nobody answers, or stopped answering: another address or a later time may help. */
  | "unreachable"
  /** A row has an id that is taken. */
  | "duplicate"
  /** A table of the statement is not there, or no longer. */
  | "no table"
  | "other";

const refused = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_SEQUENCE_TIMEOUT",
  "ER_SERVER_SHUTDOWN",
  "ER_CON_COUNT_ERROR",
]);

export function failureOf(error: unknown): Failure {
  const { code, message } = partsOf(error);
  if (refused.has(code) || /closed state|server has gone away|maxed out/i.test(message)) return "unreachable";
  if (/duplicate id '/.test(message)) return "duplicate";
  if (
    /unknown (local )?table|table '[^']*' absent|no such (local )?table|requires an existing table/i.test(
      message,
    )
  )
    return "no table";
  return "other";
}

/** A failed statement as the store's own error. */
export function storeError(error: unknown, doing: string): SpanStoreError {
  if (isSpanStoreError(error)) return error;
  const { code, message } = partsOf(error);
  const failure = failureOf(error);
  const told = `${doing}: ${message || code || "Manticore Search gave no reason"}`;
  if (failure === "unreachable") {
    return new SpanStoreError("STORE_UNAVAILABLE", told, {
      cause: error,
      hint: "does searchd run, and does it listen for the MySQL protocol at this address?",
    });
  }
  if (code === "ER_ACCESS_DENIED_ERROR") {
    return new SpanStoreError("STORE_UNAVAILABLE", told, {
      cause: error,
      field: "url",
      hint: "check user and password",
    });
  }
  if (code.startsWith("ER_") || "sqlState" in Object(error)) {
    return new SpanStoreError("STORE_UNAVAILABLE", told, { cause: error });
  }
  return new SpanStoreError("INTERNAL", told, { cause: error });
}

function partsOf(error: unknown): { code: string; message: string } {
  if (typeof error !== "object" || error === null) return { code: "", message: String(error) };
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { code: typeof code === "string" ? code : "", message: typeof message === "string" ? message : "" };
}
