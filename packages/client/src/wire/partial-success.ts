import { messageCodec } from "./protos.js";

/** OTLP's ExportTracePartialSuccess. */
export interface PartialSuccess {
  readonly rejectedSpans: string;
  readonly errorMessage: string;
}

/** The most distinct reasons in an answer. */
const mostReasons = 3;

/**
 * The partial_success of an answer to an Export, about spans that can never be stored; undefined when there are none.
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

/** Writes an ExportTraceServiceResponse. */
export function encodeExportResponse(partialSuccess: PartialSuccess): Buffer {
  return codec().encode({ partialSuccess });
}

/** Reads an ExportTraceServiceResponse: how many spans the server rejects, and why. */
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
