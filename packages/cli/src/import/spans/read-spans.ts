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

/** What is counted and said once. */
export type Note =
  /** A signal that is no trace: `resourceMetrics`. */
  | { readonly kind: "signal"; readonly name: string }
  /** What could hold spans and holds none: `resourceSpans`. */
  | { readonly kind: "empty"; readonly name: string }
  /** A name that OTLP does not know, with its message: `span.colour`. */
  | { readonly kind: "unknown"; readonly name: string }
  /** What a server says went wrong with its answer. */
  | { readonly kind: "failure"; readonly text: string }
  /** A file that says nothing at all. */
  | { readonly kind: "nothing"; readonly text: string };

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws whatever is no SpanStoreError. */
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
