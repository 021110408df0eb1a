import type { SpanStoreError } from "@spanstore/core";

/** An error's message and hint in one text. */
export function errorText({ message, hint }: SpanStoreError): string {
  return hint === undefined || message.includes(hint) ? message : `${message} (${hint})`;
}
