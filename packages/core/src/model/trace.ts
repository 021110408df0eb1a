import type { KeyValue } from "./any-value.js";

/**
 * OTLP's trace model as plain objects. Ids are lower-case hex (32 and 16 characters), times are nanoseconds since the epoch as
 * `bigint`. Absent optional parts have OTLP's zero value.
 */
export interface TracesData {
  readonly resourceSpans: readonly ResourceSpans[];
}

export interface ResourceSpans {
  readonly resource?: Resource;
  readonly scopeSpans: readonly ScopeSpans[];
  readonly schemaUrl?: string;
}

export interface Resource {
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount?: number;
}

export interface ScopeSpans {
  readonly scope?: InstrumentationScope;
  readonly spans: readonly Span[];
  readonly schemaUrl?: string;
}

export interface InstrumentationScope {
  readonly name?: string;
  readonly version?: string;
  readonly attributes?: readonly KeyValue[];
  readonly droppedAttributesCount?: number;
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState?: string;
  /** Absent or empty for a root span. */
  readonly parentSpanId?: string;
  readonly flags?: number;
  readonly name: string;
  /** One of {@link SpanKind}. */
  readonly kind?: number;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly attributes?: readonly KeyValue[];
  readonly droppedAttributesCount?: number;
  readonly events?: readonly SpanEvent[];
  readonly droppedEventsCount?: number;
  readonly links?: readonly SpanLink[];
  readonly droppedLinksCount?: number;
  readonly status?: Status;
}

export interface SpanEvent {
  readonly timeUnixNano: bigint;
  readonly name: string;
  readonly attributes?: readonly KeyValue[];
  readonly droppedAttributesCount?: number;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState?: string;
  readonly attributes?: readonly KeyValue[];
  readonly droppedAttributesCount?: number;
  readonly flags?: number;
}

export interface Status {
  readonly message?: string;
  /** One of {@link StatusCode}. */
  readonly code?: number;
}

/** opentelemetry.proto.trace.v1.Span.SpanKind. */
export const SpanKind = {
  unspecified: 0,
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
} as const;

/** The words for span kinds in Jaeger's protocols, by number; unspecified is the empty word. */
const kindWords = ["", "internal", "server", "client", "producer", "consumer"] as const;

/** The word of a span kind; "" for the unspecified kind and for numbers that OTLP does not define. */
export function spanKindWord(kind: number): string {
  return kindWords[kind] ?? "";
}

/** opentelemetry.proto.trace.v1.Status.StatusCode. */
export const StatusCode = { unset: 0, ok: 1, error: 2 } as const;
