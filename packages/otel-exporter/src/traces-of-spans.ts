import type { AnyValue, KeyValue, Span, TracesData } from "@spanstore/core";
import type { ResourceSpans, ScopeSpans, SpanEvent, SpanLink } from "@spanstore/core/otlp";
import type {
  AttributeMap,
  HighResolutionTime,
  ReadableEvent,
  ReadableLink,
  ReadableResource,
  ReadableScope,
  ReadableSpan,
  ReadableSpanContext,
} from "./readable-span.js";

/**
 * Converts the SDK's spans to OTLP's model, like the SDK's own OTLP exporters. Groups them by resource and scope.
 */
export function tracesOfReadableSpans(spans: readonly ReadableSpan[]): TracesData {
  // Spans of one provider share the resource object, spans of one tracer the scope object.
  const resources = new Map<ReadableResource, Map<ReadableScope, Span[]>>();
  for (const span of spans) {
    const scopes = resources.get(span.resource) ?? new Map<ReadableScope, Span[]>();
    resources.set(span.resource, scopes);
    const ofScope = scopes.get(span.instrumentationScope) ?? [];
    scopes.set(span.instrumentationScope, ofScope);
    ofScope.push(spanOf(span));
  }
  return { resourceSpans: [...resources].map(([resource, scopes]) => resourceSpansOf(resource, scopes)) };
}

function resourceSpansOf(
  { attributes, schemaUrl }: ReadableResource,
  scopes: ReadonlyMap<ReadableScope, readonly Span[]>,
): ResourceSpans {
  return {
    resource: { attributes: keyValuesOf(attributes) },
    scopeSpans: [...scopes].map(([scope, spans]) => scopeSpansOf(scope, spans)),
    ...(schemaUrl ? { schemaUrl } : {}),
  };
}

function scopeSpansOf(
  { name, version, attributes, schemaUrl }: ReadableScope,
  spans: readonly Span[],
): ScopeSpans {
  return {
    scope: {
      name,
      ...(version ? { version } : {}),
      ...(attributes ? { attributes: keyValuesOf(attributes) } : {}),
    },
    spans,
    ...(schemaUrl ? { schemaUrl } : {}),
  };
}

function spanOf(span: ReadableSpan): Span {
  const context = span.spanContext();
  const parent = span.parentSpanContext;
  const { code, message } = span.status;
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...traceStateOf(context),
    ...(parent?.spanId ? { parentSpanId: parent.spanId } : {}),
    // Only the parent's context tells whether the parent is remote.
    flags: flagsOf(context.traceFlags, parent?.isRemote),
    name: span.name,
    kind: span.kind + 1,
    startTimeUnixNano: nanosOf(span.startTime),
    endTimeUnixNano: nanosOf(span.endTime),
    attributes: keyValuesOf(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount,
    events: span.events.map(eventOf),
    droppedEventsCount: span.droppedEventsCount,
    links: span.links.map(linkOf),
    droppedLinksCount: span.droppedLinksCount,
    status: { code, ...(message ? { message } : {}) },
  };
}

function eventOf({ time, name, attributes, droppedAttributesCount }: ReadableEvent): SpanEvent {
  return {
    timeUnixNano: nanosOf(time),
    name,
    attributes: keyValuesOf(attributes),
    droppedAttributesCount: droppedAttributesCount ?? 0,
  };
}

function linkOf({ context, attributes, droppedAttributesCount }: ReadableLink): SpanLink {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...traceStateOf(context),
    attributes: keyValuesOf(attributes),
    droppedAttributesCount: droppedAttributesCount ?? 0,
    flags: flagsOf(context.traceFlags, context.isRemote),
  };
}

function traceStateOf({ traceState }: ReadableSpanContext): { traceState?: string } {
  const text = traceState?.serialize();
  return text ? { traceState: text } : {};
}

/** opentelemetry.proto.trace.v1.SpanFlags: W3C's flags, a bit that says remoteness is known, and remoteness. */
function flagsOf(traceFlags: number, isRemote: boolean | undefined): number {
  return (traceFlags & 0xff) | 0x100 | (isRemote ? 0x200 : 0);
}

function nanosOf([seconds, nanoseconds]: HighResolutionTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
}

function keyValuesOf(attributes: AttributeMap | undefined): KeyValue[] {
  return Object.entries(attributes ?? {}).map(([key, value]) => ({ key, value: anyValueOf(value) }));
}

function anyValueOf(value: unknown): AnyValue {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "number":
      return numberOf(value);
    case "object":
      if (value === null) return {};
      if (value instanceof Uint8Array) return { bytesValue: value };
      if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValueOf) } };
      return { kvlistValue: { values: keyValuesOf(value as AttributeMap) } };
    default:
      return {};
  }
}

/** JavaScript cannot tell 1.0 from 1, so whole numbers of 64 bits become ints. */
function numberOf(value: number): AnyValue {
  const isInt64 = Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
  return isInt64 ? { intValue: BigInt(value) } : { doubleValue: value };
}
