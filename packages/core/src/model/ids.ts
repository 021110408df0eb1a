import { SpanStoreError } from "../errors/errors.js";

const hexDigits = /^[0-9a-fA-F]+$/;

/**
 * Normalizes a trace id to 32 lower-case hex characters. 16 characters are a 64-bit id, which gets leading zeros.
 * @throws INVALID_QUERY naming `field`.
 */
export function parseTraceId(id: string, field = "traceId"): string {
  if ((id.length !== 32 && id.length !== 16) || !hexDigits.test(id)) {
    throw new SpanStoreError("INVALID_QUERY", `${field} is not a trace id: ${JSON.stringify(id)}`, {
      field,
      hint: "a trace id has 32 hex characters, or 16 when it has 64 bits",
    });
  }
  return id.toLowerCase().padStart(32, "0");
}
