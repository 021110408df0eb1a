import { type FoundTrace, SpanStoreError, type TraceSummary } from "@spanstore/core";
import { type Timestamp, timestampOf } from "./times.js";

export interface ProtoFoundTrace {
  readonly traceId?: Uint8Array;
  readonly start?: Timestamp;
  readonly end?: Timestamp;
}

export interface ProtoSummary {
  readonly traceId?: Uint8Array;
  readonly rootServiceName?: string;
  readonly rootOperationName?: string;
  readonly minStartTimeUnixNano?: string;
  readonly maxEndTimeUnixNano?: string;
  readonly spanCount?: number;
  readonly errorSpanCount?: number;
  readonly orphanSpanCount?: number;
  readonly services?: readonly ProtoServiceSummary[];
}

interface ProtoServiceSummary {
  readonly name?: string;
  readonly spanCount?: number;
  readonly errorSpanCount?: number;
}

export function protoFoundTrace(trace: FoundTrace): ProtoFoundTrace {
  return {
    traceId: Buffer.from(trace.traceId, "hex"),
    start: timestampOf(trace.startTimeUnixNano),
    end: timestampOf(trace.endTimeUnixNano),
  };
}

export function protoSummary(summary: TraceSummary): ProtoSummary {
  return {
    ...summary,
    traceId: Buffer.from(summary.traceId, "hex"),
    minStartTimeUnixNano: String(summary.minStartTimeUnixNano),
    maxEndTimeUnixNano: String(summary.maxEndTimeUnixNano),
  };
}

function hexOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? [])
    .toString("hex")
    .padStart(32, "0");
}

export function foundTraceOf({ traceId, start, end }: ProtoFoundTrace): FoundTrace {
  return { traceId: hexOf(traceId), startTimeUnixNano: nanosOf(start), endTimeUnixNano: nanosOf(end) };
}

/** Nanoseconds since 1970; 0 for an unset time. */
function nanosOf({ seconds = "0", nanos = 0 }: Timestamp = {}): bigint {
  const nano = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
  return nano < 0n ? 0n : nano;
}

export function summaryOf(summary: ProtoSummary): TraceSummary {
  return {
    traceId: hexOf(summary.traceId),
    rootServiceName: summary.rootServiceName ?? "",
    rootOperationName: summary.rootOperationName ?? "",
    minStartTimeUnixNano: BigInt(summary.minStartTimeUnixNano ?? 0),
    maxEndTimeUnixNano: BigInt(summary.maxEndTimeUnixNano ?? 0),
    spanCount: summary.spanCount ?? 0,
    errorSpanCount: summary.errorSpanCount ?? 0,
    orphanSpanCount: summary.orphanSpanCount ?? 0,
    services: (summary.services ?? []).map(({ name = "", spanCount = 0, errorSpanCount = 0 }) => ({
      name,
      spanCount,
      errorSpanCount,
    })),
  };
}

/**
 * The trace id of a request, in hex.
 * @throws INVALID_QUERY naming `field` for bytes that are no trace id.
 */
export function traceIdOf(bytes: Uint8Array | undefined, field: string): string {
  const length = bytes?.length ?? 0;
  if (bytes === undefined || (length !== 8 && length !== 16)) {
    throw new SpanStoreError("INVALID_QUERY", `a trace id has 16 or 8 bytes, not ${length}`, { field });
  }
  return Buffer.from(bytes).toString("hex");
}
