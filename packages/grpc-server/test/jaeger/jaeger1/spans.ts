/** Services of storage.v1, for the names of methods. */
export const writer = "jaeger.storage.v1.SpanWriterPlugin";
export const reader = "jaeger.storage.v1.SpanReaderPlugin";

/** A span of Jaeger's model as far as tests of the services need one. */
export interface V1Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
  readonly service?: string;
  readonly name?: string;
  /** Nanoseconds since the epoch. */
  readonly start?: bigint;
  readonly duration?: bigint;
  readonly tags?: Readonly<Record<string, string | boolean>>;
}

const nanosPerSecond = 1_000_000_000n;

/** The same as jaeger.api_v2.Span. */
export function jaegerSpan(span: V1Span): object {
  const traceId = Buffer.from(span.traceId, "hex");
  const parts = (nanos: bigint) => ({
    seconds: String(nanos / nanosPerSecond),
    nanos: Number(nanos % nanosPerSecond),
  });
  return {
    traceId,
    spanId: Buffer.from(span.spanId, "hex"),
    operationName: span.name ?? "GET /",
    references: span.parent === undefined ? [] : [{ traceId, spanId: Buffer.from(span.parent, "hex") }],
    flags: 1,
    startTime: parts(span.start ?? 1_700_000_000n * nanosPerSecond),
    duration: parts(span.duration ?? 100_000_000n),
    tags: Object.entries(span.tags ?? {}).map(([key, value]) =>
      typeof value === "string" ? { key, vType: 0, vStr: value } : { key, vType: 1, vBool: value },
    ),
    process: { serviceName: span.service ?? "cart" },
  };
}
