import type { JaegerSpanDocument } from "./documents.js";

/** A document as JSON for people; bigints become strings. */
export function documentText(source: JaegerSpanDocument): Uint8Array {
  const text = JSON.stringify(source, (_key, value: unknown) =>
    typeof value === "bigint" ? `${value}` : value,
  );
  return Buffer.from(text);
}
