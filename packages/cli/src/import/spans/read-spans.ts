import { isSpanStoreError, SpanStoreError } from "@spanstore/core";

/** Spans as encoded OTLP, or what is wrong with some, or what there is beside spans. */
export type ReadSpans =
  | { readonly encoded: Uint8Array; readonly spans: number }
  | {
      readonly error: SpanStoreError;
      /** How many spans are lost with it, as far as that is known. */
      readonly spans: number;
    }
  | { readonly note: Note };

/** A finding that the report counts and prints once. */
export type Note =
  /** A signal that is no trace: `resourceMetrics`. */
  | { readonly kind: "signal"; readonly name: string }
  /** A list for spans that has none: `resourceSpans`. */
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

/** The same error with where it is before it. */
export function within(place: string, error: SpanStoreError): SpanStoreError {
  if (place === "") return error;
  const { code, field, hint } = error;
  return new SpanStoreError(code, `${place}: ${error.message}`, { field, hint, cause: error });
}

export function refused(path: string, problem: string, hint?: string): ReadSpans {
  const message = path === "" ? problem : `${path}: ${problem}`;
  return { error: new SpanStoreError("INVALID_TRACES", message, { hint }), spans: 0 };
}
