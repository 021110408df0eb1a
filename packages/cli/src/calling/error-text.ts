import type { SpanStoreError } from "@spanstore/core";

/** An error for people: what is wrong, and what to do about it. */
export function errorText({ message, hint }: SpanStoreError): string {
  return hint === undefined || message.includes(hint) ? message : `${message} (${hint})`;
}
