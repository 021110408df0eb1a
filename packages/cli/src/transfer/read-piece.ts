import { isSpanStoreError, SpanStoreError } from "@spanstore/core";
import { encodeTraces, tracesFromJson } from "@spanstore/core/otlp";
import { otlpOfJaegerJson, parseExactly } from "@spanstore/jaeger";
import type { JsonPiece } from "./json-pieces.js";

/** Spans as encoded OTLP, or what is wrong with some. */
export type ReadSpans =
  | { readonly encoded: Uint8Array; readonly spans: number }
  | {
      readonly error: SpanStoreError;
      /** How many spans are lost with it, as far as that is known. */
      readonly spans: number;
    };

/** So many spans of a piece are encoded together. */
const spansTogether = 512;

/**
 * The spans of one piece of a file, which is OTLP's JSON or a trace of Jaeger's. What is wrong with one span does not
 * keep the others out.
 */
export function* readPiece({ place, text }: JsonPiece): Generator<ReadSpans, void, undefined> {
  let json: unknown;
  try {
    json = parseExactly(text);
  } catch (error) {
    yield { error: known(error), spans: 0 };
    return;
  }
  if (place === "resourceSpans") {
    yield* readResourceSpans(json);
    return;
  }
  if (isObject(json)) {
    if (Array.isArray(json.spans)) {
      yield* readJaegerTrace(json);
      return;
    }
    const inside = isObject(json.result) ? json.result : json;
    if (Array.isArray(inside.resourceSpans)) {
      for (const resourceSpans of inside.resourceSpans) yield* readResourceSpans(resourceSpans);
      return;
    }
    if (isEmptyAnswer(inside)) return;
  }
  yield { error: new SpanStoreError("INVALID_TRACES", whatElse(json)), spans: 0 };
}

function* readJaegerTrace(json: Readonly<Record<string, unknown>>): Generator<ReadSpans, void, undefined> {
  const within = (error: SpanStoreError): SpanStoreError =>
    new SpanStoreError(error.code, `trace ${String(json.traceID)}: ${error.message}`, { cause: error });
  try {
    for (const span of otlpOfJaegerJson(json)) {
      yield span instanceof Uint8Array
        ? { encoded: span, spans: 1 }
        : { error: within(span.error), spans: 1 };
    }
  } catch (error) {
    yield { error: within(known(error)), spans: 0 };
  }
}

function* readResourceSpans(json: unknown): Generator<ReadSpans, void, undefined> {
  for (const part of partsOf(json)) {
    try {
      yield { encoded: encodedOf(part.json), spans: part.spans };
    } catch (error) {
      if (part.spans <= 1) {
        yield { error: known(error), spans: part.spans };
        continue;
      }
      // Which of them it is, each by itself shows.
      let isFound = false;
      for (const { json: single } of partsOf(part.json, 1)) {
        try {
          yield { encoded: encodedOf(single), spans: 1 };
        } catch (failure) {
          isFound = true;
          yield { error: known(failure), spans: 1 };
        }
      }
      if (!isFound) yield { error: known(error), spans: 0 };
    }
  }
}

function encodedOf(resourceSpans: unknown): Uint8Array {
  return encodeTraces(tracesFromJson({ resourceSpans: [resourceSpans] }));
}

/** A ResourceSpans as several of at most so many spans each. */
function* partsOf(
  json: unknown,
  most = spansTogether,
): Generator<{ readonly json: unknown; readonly spans: number }, void, undefined> {
  if (!isObject(json) || !Array.isArray(json.scopeSpans)) {
    yield { json, spans: 0 };
    return;
  }
  const total = json.scopeSpans.reduce((sum: number, scope: unknown) => sum + spansOf(scope).length, 0);
  if (total <= most && most > 1) {
    yield { json, spans: total };
    return;
  }
  for (const scope of json.scopeSpans as unknown[]) {
    const spans = spansOf(scope);
    for (let i = 0; i < spans.length; i += most) {
      const some = spans.slice(i, i + most);
      yield { json: { ...json, scopeSpans: [{ ...(scope as object), spans: some }] }, spans: some.length };
    }
  }
}

function spansOf(scope: unknown): readonly unknown[] {
  return isObject(scope) && Array.isArray(scope.spans) ? scope.spans : [];
}

/** An answer or a line with nothing in it. */
function isEmptyAnswer(json: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(json);
  if (names.every((name) => name === "resourceSpans" || name === "partialSuccess")) return true;
  return "data" in json && json.data === null && !isFailure(json.errors);
}

function isFailure(errors: unknown): errors is readonly unknown[] {
  return Array.isArray(errors) && errors.length > 0;
}

function whatElse(json: unknown): string {
  const wanted = "it holds neither OTLP's resourceSpans nor Jaeger's spans";
  if (!isObject(json)) return wanted;
  if (isFailure(json.errors)) return `it is an answer that failed: ${JSON.stringify(json.errors)}`;
  const other = ["resourceMetrics", "resourceLogs", "resourceProfiles"].find((name) => name in json);
  return other === undefined ? wanted : `it holds ${other}, and no spans`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function known(error: unknown): SpanStoreError {
  if (isSpanStoreError(error)) return error;
  throw error;
}
