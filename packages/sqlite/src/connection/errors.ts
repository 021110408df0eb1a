import { type ErrorCode, isSpanStoreError, SpanStoreError } from "@spanstore/core";

/** Turns SQLite's errors into `SpanStoreError`s, which pass unchanged. */
export function storeError(error: unknown, doing: string): SpanStoreError {
  if (isSpanStoreError(error)) return error;
  const code = sqliteCode(error);
  const message = error instanceof Error ? error.message : String(error);
  const { code: storeCode, hint } = classify(code, message);
  return new SpanStoreError(storeCode, `${doing}: ${message}`, { hint, cause: error });
}

function sqliteCode(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}

function classify(code: string, message: string): { code: ErrorCode; hint?: string } {
  if (code === "SQLITE_NOTADB") {
    return { code: "INCOMPATIBLE_SCHEMA", hint: "the file is no SQLite database; name another one" };
  }
  if (code.startsWith("SQLITE_CORRUPT")) {
    return { code: "CORRUPT", hint: "restore the file, or check it with PRAGMA integrity_check" };
  }
  if (code === "SQLITE_FULL") return { code: "STORE_UNAVAILABLE", hint: "the disk is full" };
  if (code.startsWith("SQLITE_READONLY")) {
    return { code: "STORE_UNAVAILABLE", hint: "the file or its directory cannot be written" };
  }
  if (code.startsWith("SQLITE_CANTOPEN") || message.includes("directory does not exist")) {
    return { code: "STORE_UNAVAILABLE", hint: "does the directory exist, and may this user write to it?" };
  }
  // E… are errors of the operating system, such as a folder that cannot be created or listed.
  if (code.startsWith("SQLITE_") || /^E[A-Z0-9]+$/.test(code)) return { code: "STORE_UNAVAILABLE" };
  return { code: "INTERNAL" };
}
