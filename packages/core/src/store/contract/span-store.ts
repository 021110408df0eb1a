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
 * The methods document their other codes.
 *
 * **Streams.** Reads with large results return AsyncIterables. A stream is single-use: its second iteration is empty.
 * It reads nothing before the first `next()`, waits for its consumer, and ends the engine's work when the loop is left,
 * when its signal fires and when the store closes. It fails at the chunk where the error occurs; earlier chunks are
 * complete. Reads share one budget of memory, and a stream counts in it until its loop ends: a stream whose consumer pauses
 * for 30 s while other reads wait fails with `OVERLOADED`.
 *
 * **Ownership.** Bytes that a read returns belong to the caller, who may change or transfer them. Bytes given to `write`
 * belong to the caller again when it resolves, unless `handOver` is set.
 *
 * **Concurrency.** All methods may run at the same time, also in several processes over one database. A read sees a write
 * completely or not at all, and sees every write that resolved before the read began (Elasticsearch: after its refresh
 * interval).
 *
 * **Units.** Times are nanoseconds since the Unix epoch, in UTC, as bigints; ids are lower-case hex.
 */
export interface SpanStore extends StoreReads, AsyncDisposable {
  /** The engine's name: `memory`, `sqlite`, ... */
  readonly engine: string;

  /**
   * Stores spans, given as OTLP protobuf (an ExportTraceServiceRequest or TracesData) or as the model.
   *
   * Resolves when every span that can be stored is durable. A write is idempotent: a span with the same bytes, resource and
   * scope is stored once, so a caller may repeat a failed call unchanged. A span that can never be stored (its id has a
   * wrong length or is all zeros) is listed in `rejected`, and the other spans are stored. After a failed call, any of its
   * spans may be stored or not.
   * @throws INVALID_TRACES when the bytes are not OTLP; nothing is stored then.
   * @throws TOO_LARGE when the request exceeds a bound of the store or of the server in between.
   */
  write(traces: Uint8Array | TracesData, options?: WriteOptions): Promise<WriteResult>;

  /**
   * Removes every span that started before this time, and the services and operations that only those spans have.
   * Pagination and streams that began before may lack these spans.
   * @throws PERMISSION_DENIED behind a server that does not allow it.
   */
  deleteBefore(timeUnixNano: bigint): Promise<void>;

  /**
   * Retention: removes spans that started before this time, in the cheapest way of the engine. Engines with partitions drop
   * the partitions that end before this time, and keep the partition that contains it; other engines remove single spans.
   * Younger spans stay. Several servers may call it at the same time.
   * @returns the removed parts; with `dryRun` the parts that would be removed.
   * @throws PERMISSION_DENIED as {@link deleteBefore}.
   */
  expire(timeUnixNano: bigint, options?: ExpireOptions): Promise<readonly Expired[]>;

  /**
   * Removes everything.
   * @throws PERMISSION_DENIED behind a server that does not allow it.
   */
  purge(): Promise<void>;

  /**
   * A handle on the store of a tenant: a namespace that shares nothing with this store or with other tenants. The first call
   * that needs the namespace opens it. The handle belongs to the caller: closing it closes only this handle; closing this
   * store closes every handle.
   * @throws INVALID_OPTIONS for a name that is empty or longer than 64 bytes of UTF-8.
   */
  forTenant(tenant: string): SpanStore;

  /** The tenants that have written, sorted by code point. */
  tenants(): Promise<readonly string[]>;

  /** The searches that this store answers, in Jaeger's terms. */
  capabilities(options?: CallOptions): Promise<SearchCapabilities>;

  /** The size of the store; an engine may cache it for a moment. */
  stats(): Promise<StoreStats>;

  /** Resolves when the engine can serve now, and rejects with the reason otherwise. A signal ends the wait. */
  health(options?: CallOptions): Promise<void>;

  /** Refuses new calls, waits for calls in flight, then releases everything. It may be called again. */
  close(): Promise<void>;
}

/** The reading half of a {@link SpanStore}. */
export interface StoreReads {
  /**
   * The complete traces of these ids, in the order of the ids; unknown ids are left out, a repeated id counts once.
   *
   * A chunk holds spans of one trace. A large trace comes in consecutive chunks. No chunk is empty, and none exceeds 3 MiB
   * unless a single span does.
   * @param traceIds 32 or 16 hex characters; an id of 16 is padded with leading zeros.
   * @throws INVALID_QUERY for a malformed id or a `spanLimit` below 1.
   */
  getTraces(traceIds: readonly string[], options?: GetTracesOptions): AsyncIterable<TraceChunk>;

  /**
   * The newest matching traces, complete, including spans outside the time range; newest match first, ties by trace id.
   * Chunks as in {@link getTraces}.
   * @throws INVALID_QUERY for a query that no store can answer; `field` names the part at fault.
   * @throws UNSUPPORTED_FILTER for a filter that the server in between can not answer.
   */
  findTraces(query: TraceQuery, options?: ReadOptions): AsyncIterable<TraceChunk>;

  /**
   * The ids of the traces that {@link findTraces} returns, in the same order, with the time range of each trace.
   * @throws INVALID_QUERY, UNSUPPORTED_FILTER as {@link findTraces}.
   */
  findTraceIds(query: TraceQuery, options?: ReadOptions): Promise<TraceIdPage>;

  /**
   * A summary of each trace that {@link findTraces} returns, in the same order. A chunk is empty only when it carries just a
   * page token.
   * @throws INVALID_QUERY, UNSUPPORTED_FILTER as {@link findTraces}.
   */
  findTraceSummaries(query: TraceQuery, options?: ReadOptions): AsyncIterable<SummaryChunk>;

  /**
   * A page of the matching spans, newest first or in the requested order. A page holds at most 10,000 spans, and at most
   * 8 MiB unless its only span is larger. A chunk may hold spans of several traces, each with its resource and scope. Copies
   * of a span count once.
   * @throws INVALID_QUERY, UNSUPPORTED_FILTER as {@link findTraces}.
   */
  findSpans(query: SpanQuery, options?: ReadOptions): AsyncIterable<SpanChunk>;

  /** Names of all services with spans, sorted by code point. */
  getServices(options?: ReadOptions): Promise<string[]>;

  /**
   * Operations of a service, sorted by name, then kind; empty for an unknown service or kind.
   * @throws INVALID_QUERY without a service.
   */
  getOperations(query: OperationQuery, options?: ReadOptions): Promise<Operation[]>;

  /**
   * Calls between services, with errors and latencies, counted over called spans that started in the range, both ends
   * inclusive; sorted by parent, then child.
   * @throws INVALID_QUERY when the range ends before it starts.
   */
  getDependencies(query: DependencyQuery, options?: ReadOptions): Promise<Dependency[]>;

  /**
   * Calls, errors and latencies of the spans that started in a range, by series and step; sorted by the values of the
   * labels. Counts are exact, and copies of a span count once. Latency quantiles (`latencyQuantile`) are within 0.55 %.
   * @throws INVALID_QUERY when the range ends before it starts, for an unknown label, or for more than 11,000 points in a
   *   series.
   * @throws UNSUPPORTED_FILTER as {@link findTraces}.
   */
  getMetrics(query: MetricsQuery, options?: ReadOptions): Promise<MetricSeries[]>;
}
