/**
 * The fields of the SDK's `ReadableSpan` that versions 2 and 3 share. So the exporter takes spans of both and depends on
 * neither.
 */
export interface ReadableSpan {
  readonly name: string;
  /** The API's SpanKind, which counts from INTERNAL = 0. */
  readonly kind: number;
  readonly spanContext: () => ReadableSpanContext;
  readonly parentSpanContext?: ReadableSpanContext | undefined;
  readonly startTime: HighResolutionTime;
  readonly endTime: HighResolutionTime;
  /** `code` is the API's SpanStatusCode, whose numbers are OTLP's. */
  readonly status: { readonly code: number; readonly message?: string | undefined };
  readonly attributes: AttributeMap;
  readonly links: readonly ReadableLink[];
  readonly events: readonly ReadableEvent[];
  readonly resource: ReadableResource;
  readonly instrumentationScope: ReadableScope;
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
}

/** Seconds since 1970, and nanoseconds of the second. */
export type HighResolutionTime = readonly [seconds: number, nanoseconds: number];

/** JavaScript's values for OTLP's AnyValue; other values become the empty value. */
export type AttributeMap = { readonly [key: string]: unknown };

export interface ReadableSpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote?: boolean | undefined;
  readonly traceState?: { serialize(): string } | undefined;
}

export interface ReadableLink {
  readonly context: ReadableSpanContext;
  readonly attributes?: AttributeMap | undefined;
  readonly droppedAttributesCount?: number | undefined;
}

export interface ReadableEvent {
  readonly time: HighResolutionTime;
  readonly name: string;
  readonly attributes?: AttributeMap | undefined;
  readonly droppedAttributesCount?: number | undefined;
}

export interface ReadableResource {
  readonly attributes: AttributeMap;
  readonly schemaUrl?: string | undefined;
}

export interface ReadableScope {
  readonly name: string;
  readonly version?: string | undefined;
  readonly attributes?: AttributeMap | undefined;
  readonly schemaUrl?: string | undefined;
}
