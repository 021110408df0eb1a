/**
 * A span as Jaeger stores it in Elasticsearch, unchecked: any field may be missing or have another type. Whole numbers that a
 * double cannot hold are bigints.
 */
export interface JaegerSpanDocument {
  /** Hexadecimal; Jaeger before 1.16 omitted leading zeros. */
  readonly traceID?: string;
  readonly spanID?: string;
  /** Written by Jaeger before 1.8 and from 2.20 on. */
  readonly parentSpanID?: string;
  readonly flags?: number;
  readonly operationName?: string;
  readonly references?: readonly JaegerReference[] | null;
  /** Microseconds since the epoch. */
  readonly startTime?: number | bigint;
  /** Microseconds. */
  readonly duration?: number | bigint;
  readonly tags?: readonly JaegerTag[] | null;
  /** Tags that Jaeger stores as fields, with the dots in their names replaced. */
  readonly tag?: Readonly<Record<string, unknown>> | null;
  readonly logs?: readonly JaegerLog[] | null;
  readonly process?: JaegerProcess | null;
}

export interface JaegerReference {
  readonly refType?: string;
  readonly traceID?: string;
  readonly spanID?: string;
}

export interface JaegerTag {
  readonly key?: string;
  /** `string`, `bool`, `int64`, `float64` or `binary`. */
  readonly type?: string;
  readonly value?: unknown;
}

export interface JaegerLog {
  /** Microseconds since the epoch. */
  readonly timestamp?: number | bigint;
  readonly fields?: readonly JaegerTag[] | null;
}

export interface JaegerProcess {
  readonly serviceName?: string;
  readonly tags?: readonly JaegerTag[] | null;
  readonly tag?: Readonly<Record<string, unknown>> | null;
}

/** A document with its index and id. */
export interface JaegerDocument {
  readonly index: string;
  readonly id: string;
  readonly source: JaegerSpanDocument;
}

/** A document that cannot become a span. */
export interface UnusableDocument {
  readonly reason: string;
  /** Its index and id. */
  readonly where: string;
  /** Its JSON. */
  readonly encoded: Uint8Array;
}
