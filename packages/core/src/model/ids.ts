import { SpanStoreError } from "../errors/errors.js";

const hexDigits = /^[0-9a-fA-F]+$/;

/**
 * A trace id in its one form: 32 lower-case hex characters. 16 characters are a 64-bit id, which is
 * the same 128-bit number with zeros before it.
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
