import type { TracesData } from "../../model/trace.js";
import type { MetricsQuery } from "../../query/metrics-query.js";
import type { SpanQuery, TraceQuery } from "../../query/trace-query.js";
import type {
  CallOptions,
  Dependency,
  DependencyQuery,
  Expired,
  ExpireOptions,
  GetTracesOptions,
  Operation,
  OperationQuery,
  ReadOptions,
  SearchCapabilities,
  SpanChunk,
  StoreStats,
  SummaryChunk,
  TraceChunk,
  TraceIdPage,
  WriteOptions,
  WriteResult,
} from "./calls.js";
import type { MetricSeries } from "./metrics.js";

/**
 * A store of trace spans, the same over every engine.
 *
 * **Errors.** Every call fails with a {@link SpanStoreError} whose `code` is stable. Every call may fail with
 * `STORE_UNAVAILABLE` (the engine can not be reached or can not answer now: try again later), `OVERLOADED` (more work
 * than the bounds admit: try again after `retryAfterMillis`), `STORE_CLOSED` (after `close`), `ABORTED` (the call's
 * signal fired), `CORRUPT` (stored bytes can not be read back) and `INCOMPATIBLE_SCHEMA` (another version wrote them).
 * Other codes stand at their method.
 *
 * **Streams.** Reads that can be large return AsyncIterables. A stream is single-use: its second iteration gives nothing.
 * It reads nothing before the first `next()`, waits for its consumer, and ends the engine's work when the loop is left,
 * when its signal fires and when the store closes. It fails at the chunk where the error occurs; the chunks before are
 * whole. Reads share one budget of memory, and a stream counts in it until its loop ends: a stream whose consumer pauses for
 * 30 s while other reads wait fails with `OVERLOADED`.
 *
 * **Ownership.** Bytes that the store gives out belong to the caller, who may change or transfer them. Bytes given to
 * `write` belong to the caller again when it resolves, unless `handOver` is set.
 *
 * **Concurrency.** All methods may be called at the same time, also by several processes over one database. A read sees
 * each write as a whole or not at all, and every write that resolved before the read began (on Elasticsearch: within its
 * refresh interval).
 *
 * **Units.** Times are nanoseconds since the Unix epoch, in UTC, as bigints; ids are lower-case hex.
 */
export interface SpanStore extends StoreReads, AsyncDisposable {
  /** The engine's name: `memory`, `sqlite`, ... */
  readonly engine: string;

  /**
   * Stores spans, given as OTLP protobuf (an ExportTraceServiceRequest or TracesData) or as the model.
   *
   * Resolves when every span that can be stored is durable. It is idempotent: a span that is stored already with the same
   * bytes, resource and scope stays once, so a failed call may be repeated as it is. A span that can never be stored (an id
   * of a wrong length or all zeros) is in `rejected` and does not keep the others out. When the call fails, nothing is
   * promised about its spans.
   * @throws INVALID_TRACES when the bytes are not OTLP; nothing is stored then.
   * @throws TOO_LARGE when the request exceeds a bound of the store or of the server in between.
   */
  write(traces: Uint8Array | TracesData, options?: WriteOptions): Promise<WriteResult>;

  /**
   * Removes every span that started before this time, and the services and operations that only those spans made known.
   * Walks through pages and streams that began before may lack these spans.
   * @throws PERMISSION_DENIED behind a server that does not allow it.
   */
  deleteBefore(timeUnixNano: bigint): Promise<void>;

  /**
   * Retention: removes spans that started before this time in the way that costs the engine least. Engines with a table or an
   * index for a window of time drop those whose window has ended, and keep the one that the time lies in; the others
   * remove the spans themselves. Younger spans stay. Several servers may call it at once.
   * @returns the parts that went, or with `dryRun` the parts that would go; nothing is removed then.
   * @throws PERMISSION_DENIED as {@link deleteBefore}.
   */
  expire(timeUnixNano: bigint, options?: ExpireOptions): Promise<readonly Expired[]>;

  /**
   * Removes everything.
   * @throws PERMISSION_DENIED behind a server that does not allow it.
   */
  purge(): Promise<void>;

  /**
   * The store of a tenant: a space of its own, which shares nothing with this store or with another tenant. The handle opens
   * with the first call that needs it. It belongs to the caller: closing it closes this handle alone; closing this store
   * closes every handle.
   * @throws INVALID_OPTIONS for a name that is empty or longer than 64 bytes of UTF-8.
   */
  forTenant(tenant: string): SpanStore;

  /** The tenants that have written, sorted by code point. */
  tenants(): Promise<readonly string[]>;

  /** The searches that this store answers, in Jaeger's terms. */
  capabilities(options?: CallOptions): Promise<SearchCapabilities>;

  /** Sizes, as of now or of a moment ago. */
  stats(): Promise<StoreStats>;

  /** Asks the engine whether it can serve now. Rejects with the reason when it can not; a signal ends the wait. */
  health(options?: CallOptions): Promise<void>;

  /** Refuses new calls, waits for those in flight, then releases everything. Closing again is no error. */
  close(): Promise<void>;
}

/** The reading half of a {@link SpanStore}. */
export interface StoreReads {
  /**
   * The traces of these ids, whole, in the order of the ids; unknown ids are left out, a repeated id comes once.
   *
   * A chunk holds spans of one trace. A large trace comes in consecutive chunks. No chunk is empty, and none is above 3 MiB
   * unless a single span is.
   * @param traceIds 32 or 16 hex characters; 16 are the same as with zeros before them.
   * @throws INVALID_QUERY for a malformed id or a `spanLimit` below 1.
   */
  getTraces(traceIds: readonly string[], options?: GetTracesOptions): AsyncIterable<TraceChunk>;

  /**
   * The newest traces that match, whole, also with their spans outside of the range of time, newest match first; ties by
   * trace id. Chunks as in {@link getTraces}.
   * @throws INVALID_QUERY for a query that no store can answer; `field` names its part.
   * @throws UNSUPPORTED_FILTER for a filter that the server in between can not answer.
   */
  findTraces(query: TraceQuery, options?: ReadOptions): AsyncIterable<TraceChunk>;

  /**
   * The ids that {@link findTraces} would give, in its order, with each trace's range of time.
   * @throws INVALID_QUERY, UNSUPPORTED_FILTER as {@link findTraces}.
   */
  findTraceIds(query: TraceQuery, options?: ReadOptions): Promise<TraceIdPage>;

  /**
   * A summary of each trace that {@link findTraces} would give, in its order; no chunk is empty unless it carries the page
   * token alone.
   * @throws INVALID_QUERY, UNSUPPORTED_FILTER as {@link findTraces}.
   */
  findTraceSummaries(query: TraceQuery, options?: ReadOptions): AsyncIterable<SummaryChunk>;

  /**
   * The spans that match, newest first or in the order asked for, by pages. A page holds at most 10,000 spans and 8 MiB, one span
   * excepted. A chunk may hold spans of several traces, each with its resource and scope; a copy of a span comes once.
   * @throws INVALID_QUERY, UNSUPPORTED_FILTER as {@link findTraces}.
   */
  findSpans(query: SpanQuery, options?: ReadOptions): AsyncIterable<SpanChunk>;

  /** Names of all services that have spans, sorted by code point. */
  getServices(options?: ReadOptions): Promise<string[]>;

  /**
   * Operations of a service, sorted by name, then kind; none for an unknown service or kind.
   * @throws INVALID_QUERY without a service.
   */
  getOperations(query: OperationQuery, options?: ReadOptions): Promise<Operation[]>;

  /**
   * Calls between services by spans that started in the range, both ends inclusive, with their errors and latencies;
   * sorted by parent, then child.
   * @throws INVALID_QUERY for a range turned round.
   */
  getDependencies(query: DependencyQuery, options?: ReadOptions): Promise<Dependency[]>;

  /**
   * Calls, errors and latencies of the spans that started in a range, by series and by steps of time; sorted by the labels'
   * values. Counts are exact, and a copy of a span counts once. Latency quantiles (`latencyQuantile`) are within 0.55 %.
   * @throws INVALID_QUERY for a range turned round, an unknown label, or more than 11,000 points a series.
   * @throws UNSUPPORTED_FILTER as {@link findTraces}.
   */
  getMetrics(query: MetricsQuery, options?: ReadOptions): Promise<MetricSeries[]>;
}
