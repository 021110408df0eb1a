// What the calls of a SpanStore take and give.
import type { RejectedSpan } from "../../fragments/rejected-span.js";
import type { WatchedFragment } from "../../fragments/watched-fragments.js";
import type { LatencyHistogram } from "../../model/latency.js";
import type { WatchedTerms } from "../../terms/watched-terms.js";

export interface CallOptions {
  /** Ends the call with ABORTED, wherever it is waiting. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends CallOptions {
  /**
   * The caller has a stream of another read open and takes nothing of it before this read has ended. The read does not wait
   * for other reads to end, as that stream may be one of them.
   */
  readonly nested?: boolean | undefined;
}

export interface WriteOptions extends CallOptions {
  /** The caller is done with the bytes: an engine may take their buffer away instead of copying it. */
  readonly handOver?: boolean | undefined;
  /** Filters (`createSpanWatch`) of which the result says what fragments may match. Default: none. */
  readonly watched?: WatchedTerms | undefined;
}

export interface GetTracesOptions extends ReadOptions {
  /** At most this many spans of each trace; when there are more, its last chunk is `truncated`. */
  readonly spanLimit?: number | undefined;
}

export interface WriteResult {
  /** Spans of the request that are durable now, those stored before included. */
  readonly accepted: number;
  readonly rejected: readonly RejectedSpan[];
  /** The fragments of the request that may match a filter of `watched`, those stored before included. */
  readonly watched?: readonly WatchedFragment[];
}

/** Spans of one trace as encoded OTLP TracesData; `decodeTraces` makes the model of it. */
export interface TraceChunk {
  readonly traceId: string;
  readonly encoded: Uint8Array;
  /** The trace has more spans than the caller's `spanLimit`, and they are left out. */
  readonly truncated?: true;
  /** Only on the last chunk of a search by pages, and absent there on the last page. */
  readonly nextPageToken?: string;
}

/** Spans of any traces as encoded OTLP TracesData. */
export interface SpanChunk {
  readonly encoded: Uint8Array;
  /** Only on the last chunk, and absent there on the last page. */
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
  /** Only on the last chunk, and absent there on the last page. */
  readonly nextPageToken?: string;
}

export interface TraceSummary {
  readonly traceId: string;
  /** Of the span without a parent, the earliest if several; empty when there is none. */
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
  /** `internal`, `server`, `client`, `producer`, `consumer`; absent or empty: all. */
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
  /** Calls whose called span has status `error`. Absent, as the latencies are, behind a server that does not tell. */
  readonly errorCount?: bigint;
  /** How long the called spans took. */
  readonly latency?: LatencyHistogram;
}

export interface ExpireOptions {
  /** Only says what would go. */
  readonly dryRun?: boolean | undefined;
}

/** What went, or would go, because its time is over. */
export interface Expired {
  /** The table or index that goes as a whole; the engine's name where it is spans that go. */
  readonly name: string;
  /** How many spans, where the engine knows. */
  readonly spans?: number | undefined;
  /** Of storage, or of encoded spans where an engine can not tell what they occupy. */
  readonly bytes?: number | undefined;
}

export interface StoreStats {
  /** What the engine occupies: on disk, or in memory where there is no disk. */
  readonly bytes: number;
}

/** jaeger.storage.v2.SearchCapabilities. */
export interface SearchCapabilities {
  readonly withoutServiceName: boolean;
  readonly sameSpanConjunction: boolean;
  /** The structured filter's levels and operators; both empty: none. */
  readonly filter: { readonly levels: readonly string[]; readonly operators: readonly string[] };
  readonly paginated: boolean;
  readonly spanSearch: boolean;
  readonly spanSorting: boolean;
}
