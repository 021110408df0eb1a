import type { RejectedSpan } from "../../fragments/rejected-span.js";
import type { TracesData } from "../../model/trace.js";
import type { SpanQuery, TraceQuery } from "../../query/trace-query.js";

/**
 * A store of trace spans: what a user of the library holds, whatever engine is below.
 *
 * Every call fails with a {@link SpanStoreError} whose `code` is stable; after `close` the code is
 * `STORE_CLOSED`. Reads that can be large are AsyncIterables: nothing is read before the first
 * `next()`, and leaving the loop early ends the engine's work.
 */
export interface SpanStore extends StoreReads, AsyncDisposable {
  /** The engine's name: `memory`, `sqlite`, ... */
  readonly engine: string;

  /**
   * Stores spans, given as OTLP protobuf (an ExportTraceServiceRequest or TracesData) or as the
   * model. Resolves when every span that can be stored is durable; spans that were stored before
   * with the same content change nothing. Spans that can never be stored (an id of a wrong length)
   * are reported, and do not keep the others out.
   * @throws INVALID_TRACES when the bytes are no OTLP; nothing is stored then.
   */
  write(traces: Uint8Array | TracesData, options?: WriteOptions): Promise<WriteResult>;

  /** Removes every span that started before this time, and what only those spans made known. */
  deleteBefore(timeUnixNano: bigint): Promise<void>;

  /**
   * Retention: removes what is over at this time in the way that costs the engine least. Where spans lie in tables or
   * indices by time, those go whose time is over as a whole, and spans of the one that the time lies in stay until all of
   * it is over; elsewhere the spans go that started before the time. No younger span goes. Any number of servers may do
   * it at once.
   * @returns what went, or with `dryRun` would go; nothing is removed then.
   */
  expire(timeUnixNano: bigint, options?: ExpireOptions): Promise<readonly Expired[]>;

  /** Removes everything. */
  purge(): Promise<void>;

  /**
   * The store of a tenant: a space of its own, which nothing of this store or of another tenant reaches. It is
   * opened by the calls that need it, and closed while there are none for long, and with this store.
   * @throws INVALID_OPTIONS for a name that is empty or longer than 64 bytes.
   */
  forTenant(tenant: string): SpanStore;

  /** The tenants that have a space, sorted by code point. */
  tenants(): Promise<readonly string[]>;

  /** What searches this store answers, in Jaeger's terms. */
  capabilities(options?: CallOptions): Promise<SearchCapabilities>;

  stats(): Promise<StoreStats>;

  /** Asks the engine whether it can serve now; rejects with the reason when it can not. */
  health(): Promise<void>;

  /** Waits for calls in flight, then releases everything. Closing again is no error. */
  close(): Promise<void>;
}

/** The reading half of a {@link SpanStore}. */
export interface StoreReads {
  /**
   * The traces of these ids, whole, in the order of the ids; unknown ids are left out. A trace comes
   * in one chunk or, when it is large, in consecutive chunks; no chunk is empty or above 3 MiB
   * unless a single span is.
   * @param traceIds 32 or 16 hex characters; a short one is the same as with zeros before it.
   */
  getTraces(traceIds: readonly string[], options?: GetTracesOptions): AsyncIterable<TraceChunk>;

  /** The newest traces that match, whole, newest match first; chunks as in {@link getTraces}. */
  findTraces(query: TraceQuery, options?: CallOptions): AsyncIterable<TraceChunk>;

  /** The ids that {@link findTraces} would give, in its order, with each trace's time range. */
  findTraceIds(query: TraceQuery, options?: CallOptions): Promise<TraceIdPage>;

  /** A summary of each trace that {@link findTraces} would give, in its order. */
  findTraceSummaries(query: TraceQuery, options?: CallOptions): AsyncIterable<SummaryChunk>;

  /**
   * The spans that match, newest first or in the order asked for, by pages. A chunk may hold spans of
   * several traces, each with its resource and scope; a copy of a span is given once.
   */
  findSpans(query: SpanQuery, options?: CallOptions): AsyncIterable<SpanChunk>;

  /** Names of all services that have spans, sorted by code point. */
  getServices(options?: CallOptions): Promise<string[]>;

  /** Operations of a service, sorted by name, then kind. An absent kind means all kinds. */
  getOperations(query: OperationQuery, options?: CallOptions): Promise<Operation[]>;

  /** Calls between services by spans that started in the window, both ends inclusive; sorted. */
  getDependencies(query: DependencyQuery, options?: CallOptions): Promise<Dependency[]>;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions extends CallOptions {
  /** The caller is done with the bytes: an engine may take their buffer away instead of copying it. */
  readonly handOver?: boolean | undefined;
}

export interface GetTracesOptions extends CallOptions {
  /** At most this many spans of each trace; when there are more, its last chunk is `truncated`. */
  readonly spanLimit?: number | undefined;
}

export interface WriteResult {
  /** Spans of the request that are durable now, those stored before included. */
  readonly accepted: number;
  readonly rejected: readonly RejectedSpan[];
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
