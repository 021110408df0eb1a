export { openMemoryStore } from "./memory/index.js";
export type { AnyValue, KeyValue } from "./model/any-value.js";
export { parseTraceId } from "./model/ids.js";
export { textForm } from "./model/text-form.js";
export { compareCodePoints } from "./model/text-order.js";
export {
  type InstrumentationScope,
  type Resource,
  type ResourceSpans,
  type ScopeSpans,
  type Span,
  type SpanEvent,
  SpanKind,
  type SpanLink,
  type Status,
  StatusCode,
  spanKindWord,
  type TracesData,
} from "./model/trace.js";
export { decodeTraces } from "./otlp/decode.js";
export { encodeTraces } from "./otlp/encode.js";
export { FragmentWriter } from "./otlp/fragment-writer.js";
export { parseGroups, type SpanGroup, spansOf } from "./otlp/groups.js";
export { tracesFromJson } from "./otlp/json.js";
export { type LimitedTraces, limitTraces, type SpanLimits } from "./otlp/limits.js";
export type { SeenOperation } from "./otlp/operations.js";
export type { ResourceView, ScopeView, SpanView } from "./otlp/span-view.js";
export { spansSince } from "./otlp/spans-since.js";
export { type Split, type SplitOptions, splitByTrace, type TraceFragment } from "./otlp/split.js";
export { tracesToJson } from "./otlp/to-json.js";
export { Cursor } from "./otlp/wire.js";
export type { FilterCall, FilterExpression } from "./query/filter/ast.js";
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
} from "./query/filter/builder.js";
export { filterFromJson, filterToJson } from "./query/filter/json-form.js";
export { parseDuration, parseInstant } from "./query/filter/literals.js";
export { compilePredicate } from "./query/filter/matcher.js";
export type { Constant, Level, Predicate, Reference } from "./query/filter/predicate.js";
export { resolveFilter } from "./query/filter/resolve.js";
export { decodeFilter, encodeFilter } from "./query/filter/wire-form.js";
export { checkTimeRange } from "./query/search-of-query.js";
export {
  defaultLimit,
  type PageRequest,
  type SpanOrder,
  type SpanQuery,
  type TraceQuery,
} from "./query/trace-query.js";
export { assembleChunks } from "./store/assemble.js";
export {
  type Calendar,
  type CalendarWindow,
  checkWindowLength,
  createCalendar,
  type WindowLength,
} from "./store/calendar.js";
export { bucketStart, type CallBuckets, createCallBuckets } from "./store/call-buckets.js";
export { type CallSource, createCallLedger } from "./store/call-ledger.js";
export { allCapabilities } from "./store/capabilities.js";
export { checkSpanLimit, createSpanStore, createStoreReads, encodedTraces } from "./store/create-store.js";
export { callsOfTrace, createCallCounter, type ServiceCall } from "./store/dependencies.js";
export type {
  CandidateSearch,
  CandidateWindow,
  Engine,
  EngineReader,
  EngineWriter,
  Fragment,
} from "./store/engine.js";
export {
  type ErrorCode,
  type ErrorData,
  type ErrorDetails,
  errorFromData,
  errorToData,
  isSpanStoreError,
  SpanStoreError,
  throwIfAborted,
} from "./store/errors.js";
export { countBefore, countSpansBefore, expireSpans, type SpanCount } from "./store/expire.js";
export type { Finding } from "./store/findings.js";
export { lazyEngine } from "./store/lazy-engine.js";
export { type StoreCalls, withLifecycle } from "./store/lifecycle.js";
export { messageOf } from "./store/message-of.js";
export { invalidOption, wholeNumberOption } from "./store/option-checks.js";
export { createReclaimer } from "./store/reclaim.js";
export type {
  CallOptions,
  Dependency,
  DependencyQuery,
  Expired,
  ExpireOptions,
  FoundTrace,
  GetTracesOptions,
  Operation,
  OperationQuery,
  RejectedSpan,
  SearchCapabilities,
  ServiceSummary,
  SpanChunk,
  SpanStore,
  StoreReads,
  StoreStats,
  SummaryChunk,
  TraceChunk,
  TraceIdPage,
  TraceSummary,
  WriteOptions,
  WriteResult,
} from "./store/span-store.js";
export { summarize } from "./store/summaries.js";
export { checkTenantName, createTenants } from "./store/tenants.js";
export { createTurns } from "./store/turns.js";
export { isImpossible, requiredTerms, type TermNode } from "./terms/plan.js";
export type { Term } from "./terms/term.js";
export type { TermSet } from "./terms/term-list.js";
