import { isSpanStoreError, type SpanStoreError } from "../../errors/errors.js";
import type { ResourceSpans, Span } from "../../model/trace.js";
import { faultAtTop, faultWithin } from "../fault.js";
import { resourceOfJson, scopeOfJson, scopesName, spanFromJson, type UnknownName } from "./json.js";
import { type JsonObject, jsonItems, jsonObject, spelledName } from "./json-fields.js";

/** Some spans of a ResourceSpans, or the error that loses some. */
export type JsonPart =
  | { readonly resourceSpans: ResourceSpans; readonly spans: number }
  | {
      readonly error: SpanStoreError;
      /** The number of spans lost with it, as far as known. */
      readonly spans: number;
    };

export interface JsonPartsOptions {
  /** The name of the ResourceSpans in errors: `resourceSpans[3]`; empty for none. */
  readonly path: string;
  /** The most spans of a part. */
  readonly together: number;
  readonly unknown?: UnknownName;
}

/**
 * Reads the spans of one ResourceSpans of OTLP/JSON in parts. A wrong span loses no other span, and a wrong scope loses only its
 * own.
 */
export function* partsOfJson(json: unknown, options: JsonPartsOptions): Generator<JsonPart, void, undefined> {
  const { path, unknown } = options;
  try {
    const object = jsonObject("", json);
    const around = resourceOfJson(object, unknown);
    const name = scopesName(object);
    for (const [i, scope] of jsonItems(object, name).entries()) {
      yield* partsOfScope(scope, around, {
        ...options,
        path: joined(path, `${spelledName(object, name)}[${i}]`),
      });
    }
  } catch (error) {
    yield { error: faultIn(path, error), spans: spansIn(json) };
  }
}

function* partsOfScope(
  json: unknown,
  resource: Omit<ResourceSpans, "scopeSpans">,
  { path, together, unknown }: JsonPartsOptions,
): Generator<JsonPart, void, undefined> {
  let scope: JsonObject;
  let around: ReturnType<typeof scopeOfJson>;
  let items: readonly unknown[];
  try {
    scope = jsonObject("", json);
    around = scopeOfJson(scope, unknown);
    items = jsonItems(scope, "spans");
  } catch (error) {
    yield { error: faultIn(path, error), spans: spansOfScope(json) };
    return;
  }
  let spans: Span[] = [];
  const take = (): JsonPart => {
    const part = { resourceSpans: { ...resource, scopeSpans: [{ ...around, spans }] }, spans: spans.length };
    spans = [];
    return part;
  };
  for (const [i, item] of items.entries()) {
    try {
      spans.push(spanFromJson(jsonObject("", item), unknown));
    } catch (error) {
      yield { error: faultIn(`${path}.spans[${i}]`, error), spans: 1 };
    }
    if (spans.length === together) yield take();
  }
  if (spans.length > 0) yield take();
}

function faultIn(path: string, error: unknown): SpanStoreError {
  const fault = faultAtTop(path === "" ? error : faultWithin(path, error));
  if (isSpanStoreError(fault)) return fault;
  throw fault;
}

function joined(path: string, part: string): string {
  return path === "" ? part : `${path}.${part}`;
}

/** The number of spans in a ResourceSpans that cannot be read. */
function spansIn(json: unknown): number {
  const { scopeSpans, scope_spans } = (json ?? {}) as JsonObject;
  const scopes = scopeSpans ?? scope_spans;
  return Array.isArray(scopes) ? scopes.reduce((sum: number, scope) => sum + spansOfScope(scope), 0) : 0;
}

function spansOfScope(scope: unknown): number {
  const { spans } = (scope ?? {}) as JsonObject;
  return Array.isArray(spans) ? spans.length : 0;
}
