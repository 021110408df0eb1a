import { isSpanStoreError, SpanStoreError } from "@spanstore/core";

/** Encoded spans, an error for spans that cannot be read, or a note about something else in the input. */
export type ReadSpans =
  | { readonly encoded: Uint8Array; readonly spans: number }
  | {
      readonly error: SpanStoreError;
      /** The number of lost spans, as far as known. */
      readonly spans: number;
    }
  | { readonly note: Note };

/** Something in the input that the report counts and prints once. */
export type Note =
  /** A signal other than traces: `resourceMetrics`. */
  | { readonly kind: "signal"; readonly name: string }
  /** An empty list for spans: `resourceSpans`. */
  | { readonly kind: "empty"; readonly name: string }
  /** A name that OTLP does not know, with its message: `span.colour`. */
  | { readonly kind: "unknown"; readonly name: string }
  /** An error that a server put into its answer. */
  | { readonly kind: "failure"; readonly text: string }
  /** A file without spans. */
  | { readonly kind: "nothing"; readonly text: string };

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns a SpanStoreError and throws any other error. */
export function known(error: unknown): SpanStoreError {
  if (isSpanStoreError(error)) return error;
  throw error;
}

/** The same error with a place before its message. */
export function within(place: string, error: SpanStoreError): SpanStoreError {
  if (place === "") return error;
  const { code, field, hint } = error;
  return new SpanStoreError(code, `${place}: ${error.message}`, { field, hint, cause: error });
}

export function refused(path: string, problem: string, hint?: string): ReadSpans {
  const message = path === "" ? problem : `${path}: ${problem}`;
  return { error: new SpanStoreError("INVALID_TRACES", message, { hint }), spans: 0 };
}
