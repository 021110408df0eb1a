export { type ErrorCode, isSpanStoreError, SpanStoreError } from "./errors/errors.js";
export type { RejectedSpan } from "./fragments/rejected-span.js";
export { openMemoryStore } from "./memory/index.js";
export type { AnyValue, KeyValue } from "./model/any-value.js";
export { type LatencyHistogram, latencyQuantile } from "./model/latency.js";
export { type Span, SpanKind, StatusCode, type TracesData } from "./model/trace.js";
export { decodeTraces } from "./otlp/decode.js";
export {
  and,
  attr,
  event,
  every,
  link,
  not,
  or,
  resource,
  scope,
  some,
  span,
} from "./query/filter/forms/builder.js";
export { filterFromJson, filterToJson } from "./query/filter/forms/json-form.js";
export type { FilterCall } from "./query/filter/language/ast.js";
export type { MetricsQuery } from "./query/metrics-query.js";
export type { PageRequest, SpanOrder, SpanQuery, TraceQuery } from "./query/trace-query.js";
export type { TraceQlNames } from "./query/traceql/candidates.js";
export { completeTraceQl, type TraceQlCompletion } from "./query/traceql/complete.js";
export { formatTraceQl } from "./query/traceql/format.js";
export { parseTraceQl } from "./query/traceql/parse-traceql.js";
export type {
  CallOptions,
  Dependency,
  DependencyQuery,
  FoundTrace,
  Operation,
  OperationQuery,
  SearchCapabilities,
  SpanChunk,
  StoreStats,
  SummaryChunk,
  TraceChunk,
  TraceIdPage,
  TraceSummary,
  WriteOptions,
  WriteResult,
} from "./store/contract/calls.js";
export type { MetricPoint, MetricSeries } from "./store/contract/metrics.js";
export type { SpanStore } from "./store/contract/span-store.js";
