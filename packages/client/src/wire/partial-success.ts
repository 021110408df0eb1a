import { messageCodec } from "./protos.js";

/** OTLP's ExportTracePartialSuccess. */
export interface PartialSuccess {
  readonly rejectedSpans: string;
  readonly errorMessage: string;
}

/** The most reasons in an answer. */
const mostReasons = 3;

/**
 * The partial_success of the answer to an Export, for spans that can never be stored; undefined without any.
 * @param reasons the reason for each span.
 */
export function partialSuccessOf(
  rejectedSpans: number,
  reasons: readonly string[],
): PartialSuccess | undefined {
  if (rejectedSpans === 0) return undefined;
  const distinct = [...new Set(reasons)];
  const more = distinct.length - mostReasons;
  const shown = more > 0 ? [...distinct.slice(0, mostReasons), `and ${more} more reasons`] : distinct;
  return { rejectedSpans: String(rejectedSpans), errorMessage: shown.join("; ") };
}

/** Encodes an ExportTraceServiceResponse. */
export function encodeExportResponse(partialSuccess: PartialSuccess): Buffer {
  return codec().encode({ partialSuccess });
}

/** Decodes an ExportTraceServiceResponse: the number of rejected spans, and why. */
export function decodeExportResponse(response: Buffer): {
  readonly rejectedSpans: number;
  readonly errorMessage: string;
} {
  const { partialSuccess } = response.length === 0 ? {} : codec().decode(response);
  return {
    rejectedSpans: Number(partialSuccess?.rejectedSpans ?? 0),
    errorMessage: partialSuccess?.errorMessage ?? "",
  };
}

function codec() {
  return messageCodec<{ partialSuccess?: Partial<PartialSuccess> | null }>(
    "opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse",
  );
}
