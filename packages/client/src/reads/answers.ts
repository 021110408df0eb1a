import {
  type Dependency,
  type FoundTrace,
  type Operation,
  type SearchCapabilities,
  type SpanChunk,
  SpanStoreError,
  type SummaryChunk,
  type TraceIdPage,
  type TraceSummary,
} from "@spanstore/core";
import { Cursor, joinBytes } from "@spanstore/core/otlp";
import { spansField, tokenField } from "../wire/find-spans-response.js";
import { type MessageCodec, messageCodec } from "../wire/protos.js";
import type { Timestamp } from "../wire/times.js";

interface ProtoFoundTrace {
  readonly traceId?: Uint8Array;
  readonly start?: Timestamp;
  readonly end?: Timestamp;
}

interface ProtoSummary {
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

interface ProtoCapabilities extends Partial<Omit<SearchCapabilities, "filter">> {
  readonly filter?: { readonly levels?: readonly string[]; readonly operators?: readonly string[] };
}

/**
 * Decodes responses of jaeger.storage.v2. Absent fields have protobuf's zero value.
 * Every function throws INTERNAL when the bytes are no such response.
 */
export function createAnswerDecoder() {
  const services = codec<{ services?: string[] }>("GetServicesResponse");
  const operations = codec<{ operations?: readonly Partial<Operation>[] }>("GetOperationsResponse");
  const ids = codec<{ traceIds?: readonly ProtoFoundTrace[]; nextPageToken?: string }>(
    "FindTraceIDsResponse",
  );
  const summaries = codec<{ summaries?: readonly ProtoSummary[]; nextPageToken?: string }>(
    "FindTraceSummariesResponse",
  );
  const dependencies = codec<{
    dependencies?: readonly { parent?: string; child?: string; callCount?: string }[];
  }>("GetDependenciesResponse");
  const capabilities = codec<{ search?: ProtoCapabilities }>("GetCapabilitiesResponse");

  return {
    services: (answer: Buffer): string[] => read(() => services.decode(answer).services ?? []),

    operations: (answer: Buffer): Operation[] =>
      read(() =>
        (operations.decode(answer).operations ?? []).map(({ name = "", spanKind = "" }) => ({
          name,
          spanKind,
        })),
      ),

    traceIds: (answer: Buffer): TraceIdPage =>
      read(() => {
        const { traceIds = [], nextPageToken } = ids.decode(answer);
        return { traces: traceIds.map(foundTrace), ...tokenOf(nextPageToken) };
      }),

    summaries: (answer: Buffer): SummaryChunk =>
      read(() => {
        const { summaries: found = [], nextPageToken } = summaries.decode(answer);
        return { summaries: found.map(traceSummary), ...tokenOf(nextPageToken) };
      }),

    spans: (answer: Buffer): SpanChunk => read(() => spanChunk(answer)),

    dependencies: (answer: Buffer): Dependency[] =>
      read(() =>
        (dependencies.decode(answer).dependencies ?? []).map(
          ({ parent = "", child = "", callCount = "0" }) => ({
            parent,
            child,
            callCount: BigInt(callCount),
          }),
        ),
      ),

    capabilities: (answer: Buffer): SearchCapabilities =>
      read(() => searchCapabilities(capabilities.decode(answer).search)),
  };
}

/** Capabilities as a server says them; of one that says nothing, the least. */
export function searchCapabilities(said: ProtoCapabilities = {}): SearchCapabilities {
  return {
    withoutServiceName: said.withoutServiceName ?? false,
    sameSpanConjunction: said.sameSpanConjunction ?? false,
    filter: { levels: said.filter?.levels ?? [], operators: said.filter?.operators ?? [] },
    paginated: said.paginated ?? false,
    spanSearch: said.spanSearch ?? false,
    spanSorting: said.spanSorting ?? false,
  };
}

function codec<T extends object>(message: string): MessageCodec<T> {
  return messageCodec<T>(`jaeger.storage.v2.${message}`);
}

/** Runs a decoder. Its failure is the server's fault, not the query's. */
export function read<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw new SpanStoreError("INTERNAL", "the server's answer cannot be read", { cause: error });
  }
}

function tokenOf(nextPageToken: string | undefined): { nextPageToken?: string } {
  return nextPageToken ? { nextPageToken } : {};
}

function hexOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? [])
    .toString("hex")
    .padStart(32, "0");
}

function foundTrace({ traceId, start, end }: ProtoFoundTrace): FoundTrace {
  return { traceId: hexOf(traceId), startTimeUnixNano: nanosOf(start), endTimeUnixNano: nanosOf(end) };
}

/** 0 for a time that is unset. */
function nanosOf({ seconds = "0", nanos = 0 }: Timestamp = {}): bigint {
  const nano = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
  return nano < 0n ? 0n : nano;
}

function traceSummary(summary: ProtoSummary): TraceSummary {
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

/** Taken from the bytes, so that the spans stay as they came. */
function spanChunk(answer: Buffer): SpanChunk {
  const spans: Uint8Array[] = [];
  let nextPageToken = "";
  const cursor = new Cursor(answer);
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag === fieldTag(spansField) || tag === fieldTag(tokenField)) {
      const end = cursor.lengthEnd();
      if (tag === fieldTag(spansField)) spans.push(answer.subarray(cursor.pos, end));
      else nextPageToken = answer.toString("utf8", cursor.pos, end);
      cursor.pos = end;
    } else {
      cursor.skip(tag);
    }
  }
  return { encoded: joinBytes(...spans), ...tokenOf(nextPageToken) };
}

function fieldTag(field: number): number {
  return field * 8 + 2;
}
