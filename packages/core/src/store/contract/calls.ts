// Arguments and results of the calls of a SpanStore.
import type { RejectedSpan } from "../../fragments/rejected-span.js";
import type { WatchedFragment } from "../../fragments/watched-fragments.js";
import type { LatencyHistogram } from "../../model/latency.js";
import type { WatchedTerms } from "../../terms/watched-terms.js";

export interface CallOptions {
  /** Ends the call with ABORTED, also while it waits. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends CallOptions {
  /**
   * The caller holds another read's stream open, and takes nothing from it until this read ends. This read does not wait
   * for the end of other reads, since that stream may be one of them.
   */
  readonly nested?: boolean | undefined;
}

export interface WriteOptions extends CallOptions {
  /** The caller no longer needs the bytes: an engine may transfer their buffer instead of copying it. */
  readonly handOver?: boolean | undefined;
  /** Filters (`createSpanWatch`); the result lists the fragments that may match one of them. Default: none. */
  readonly watched?: WatchedTerms | undefined;
}

export interface GetTracesOptions extends ReadOptions {
  /** At most this many spans of each trace. The last chunk of a trace with more spans is `truncated`. */
  readonly spanLimit?: number | undefined;
}

export interface WriteResult {
  /** How many spans of the request are durable now, including spans stored before. */
  readonly accepted: number;
  readonly rejected: readonly RejectedSpan[];
  /** The fragments of the request that may match a filter of `watched`, including fragments stored before. */
  readonly watched?: readonly WatchedFragment[];
}

/** Spans of one trace as encoded OTLP TracesData; `decodeTraces` decodes them. */
export interface TraceChunk {
  readonly traceId: string;
  readonly encoded: Uint8Array;
  /** The trace has more spans than the caller's `spanLimit`; the rest is left out. */
  readonly truncated?: true;
  /** On the last chunk of a page, unless the page is the last one. */
  readonly nextPageToken?: string;
}

/** Spans of any traces as encoded OTLP TracesData. */
export interface SpanChunk {
  readonly encoded: Uint8Array;
  /** On the last chunk of a page, unless the page is the last one. */
  readonly nextPageToken?: string;
}

export interface TraceIdPage {
  readonly traces: readonly FoundTrace[];
  /** Absent on the last page. */
  readonly nextPageToken?: string;
}

export interface FoundTrace {
  readonly traceId: string;
  /** Earliest start and latest end of the whole trace. */
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
}

export interface SummaryChunk {
  readonly summaries: readonly TraceSummary[];
  /** On the last chunk of a page, unless the page is the last one. */
  readonly nextPageToken?: string;
}

export interface TraceSummary {
  readonly traceId: string;
  /** Service and name of the earliest span without a parent; empty when every span has a parent. */
  readonly rootServiceName: string;
  readonly rootOperationName: string;
  readonly minStartTimeUnixNano: bigint;
  readonly maxEndTimeUnixNano: bigint;
  readonly spanCount: number;
  readonly errorSpanCount: number;
  /** Spans whose parent is not among the trace's spans. */
  readonly orphanSpanCount: number;
  /** Sorted by name. */
  readonly services: readonly ServiceSummary[];
}

export interface ServiceSummary {
  readonly name: string;
  readonly spanCount: number;
  readonly errorSpanCount: number;
}

export interface OperationQuery {
  readonly service: string;
  /** `internal`, `server`, `client`, `producer` or `consumer`; absent or empty for all kinds. */
  readonly spanKind?: string;
}

export interface Operation {
  readonly name: string;
  /** As in {@link OperationQuery}; empty for spans of unspecified kind. */
  readonly spanKind: string;
}

export interface DependencyQuery {
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
}

export interface Dependency {
  readonly parent: string;
  readonly child: string;
  readonly callCount: bigint;
  /** Calls whose called span has status `error`. Absent, like `latency`, when a server in between does not report it. */
  readonly errorCount?: bigint;
  /** Durations of the called spans. */
  readonly latency?: LatencyHistogram;
}

export interface ExpireOptions {
  /** Reports what would be removed, and removes nothing. */
  readonly dryRun?: boolean | undefined;
}

/** A part of the store that retention removes. */
export interface Expired {
  /** The table or index that is dropped; the engine's name when single spans are removed. */
  readonly name: string;
  /** The number of spans, where the engine knows it. */
  readonly spans?: number | undefined;
  /** Bytes of storage, or of encoded spans where the engine does not know their storage. */
  readonly bytes?: number | undefined;
}

export interface StoreStats {
  /** Bytes on disk, or in memory for an engine without a disk. */
  readonly bytes: number;
}

/** jaeger.storage.v2.SearchCapabilities. */
export interface SearchCapabilities {
  readonly withoutServiceName: boolean;
  readonly sameSpanConjunction: boolean;
  /** Levels and operators of the structured filter; both are empty where the store has no filter. */
  readonly filter: { readonly levels: readonly string[]; readonly operators: readonly string[] };
  readonly paginated: boolean;
  readonly spanSearch: boolean;
  readonly spanSorting: boolean;
}
