import { SpanStoreError } from "@spanstore/core";

/**
 * A trace id as Jaeger takes it: up to 32 hex digits, or its bytes in base64.
 * @returns 32 hex digits.
 * @throws INVALID_QUERY.
 */
export function traceIdOf(text: string, field: string): string {
  if (/^[0-9a-fA-F]{1,32}$/.test(text)) return text.toLowerCase().padStart(32, "0");
  const bytes = /^[\w+/-]{11,22}={0,2}$/.test(text) ? Buffer.from(text, "base64") : Buffer.alloc(0);
  if (bytes.length === 16 || bytes.length === 8) return bytes.toString("hex").padStart(32, "0");
  const shown = text.length > 40 ? `${text.slice(0, 40)}...` : text;
  throw new SpanStoreError(
    "INVALID_QUERY",
    `${field} is no trace ID: ${JSON.stringify(shown)} is not 1 to 32 hex digits`,
    { field },
  );
}
