import { decodeTraces, type KeyValue, type Span, type SpanChunk } from "@spanstore/core";
import { type ResourceSpans, type ScopeSpans, tracesToJson } from "@spanstore/core/otlp";

/**
 * Streams the answer of Jaeger's `/api/v3/traces`, a TracesData in OTLP/JSON.
 * @param sorted whether attributes stand in the order of their keys.
 */
export async function* otlpDocument(
  chunks: AsyncIterable<SpanChunk>,
  sorted: boolean,
): AsyncGenerator<string, void, undefined> {
  let between = "";
  let nextPageToken: string | undefined;
  for await (const chunk of chunks) {
    nextPageToken = chunk.nextPageToken;
    for (const resourceSpans of decodeTraces(chunk.encoded).resourceSpans) {
      const one = { resourceSpans: [sorted ? inOrder(resourceSpans) : resourceSpans] };
      const text = JSON.stringify((tracesToJson(one) as { resourceSpans: unknown[] }).resourceSpans[0]);
      yield between === "" ? `{"result":{"resourceSpans":[${text}` : `,${text}`;
      between = ",";
    }
  }
  const token = nextPageToken === undefined ? "" : `,"nextPageToken":${JSON.stringify(nextPageToken)}`;
  yield `${between === "" ? '{"result":{"resourceSpans":[' : ""}]}${token}}`;
}

function inOrder(resourceSpans: ResourceSpans): ResourceSpans {
  const { resource, scopeSpans } = resourceSpans;
  return {
    ...resourceSpans,
    ...(resource === undefined ? {} : { resource: { ...resource, attributes: byKey(resource.attributes) } }),
    scopeSpans: scopeSpans.map(scopeInOrder),
  };
}

function scopeInOrder(scopeSpans: ScopeSpans): ScopeSpans {
  const { scope, spans } = scopeSpans;
  return {
    ...scopeSpans,
    ...(scope === undefined ? {} : { scope: { ...scope, attributes: byKey(scope.attributes ?? []) } }),
    spans: spans.map(spanInOrder),
  };
}

function spanInOrder(span: Span): Span {
  return {
    ...attributed(span),
    ...(span.events === undefined ? {} : { events: span.events.map(attributed) }),
    ...(span.links === undefined ? {} : { links: span.links.map(attributed) }),
  };
}

function attributed<T extends { readonly attributes?: readonly KeyValue[] }>(item: T): T {
  return item.attributes === undefined ? item : { ...item, attributes: byKey(item.attributes) };
}

function byKey(attributes: readonly KeyValue[]): readonly KeyValue[] {
  return attributes.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}
