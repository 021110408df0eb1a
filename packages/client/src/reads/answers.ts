import {
  type Dependency,
  type Operation,
  type SearchCapabilities,
  type SpanChunk,
  SpanStoreError,
  type SummaryChunk,
  type TraceIdPage,
} from "@spanstore/core";
import { Cursor, joinBytes } from "@spanstore/core/otlp";
import { spansField, tokenField } from "../wire/find-spans-response.js";
import { type MessageCodec, messageCodec } from "../wire/protos.js";
import { foundTraceOf, type ProtoFoundTrace, type ProtoSummary, summaryOf } from "../wire/summaries.js";

interface ProtoCapabilities extends Partial<Omit<SearchCapabilities, "filter">> {
  readonly filter?: { readonly levels?: readonly string[]; readonly operators?: readonly string[] };
}

/**
 * Decodes responses of jaeger.storage.v2. Absent fields have protobuf's zero value. Every function throws INTERNAL for
 * bytes that are not its response.
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
        return { traces: traceIds.map(foundTraceOf), ...tokenOf(nextPageToken) };
      }),

    summaries: (answer: Buffer): SummaryChunk =>
      read(() => {
        const { summaries: found = [], nextPageToken } = summaries.decode(answer);
        return { summaries: found.map(summaryOf), ...tokenOf(nextPageToken) };
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

/** A server's declared capabilities; the fewest when it declares none. */
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

/** Runs a decoder and reports a failure as INTERNAL, since the server is at fault and not the query. */
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

/** Cut from the response, so that the bytes of the spans stay unchanged. */
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
