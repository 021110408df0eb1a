// The subpath `./engine`: for authors of engines and faces.
export { type Backoff, type BackoffOptions, createBackoff } from "./engine-kit/backoff.js";
export { type ByteCache, createByteCache } from "./engine-kit/caches/byte-cache.js";
export { createFragmentCache, type FragmentCache } from "./engine-kit/caches/fragment-cache.js";
export { createSeenSet, type SeenSet } from "./engine-kit/caches/seen-set.js";
export {
  createSlowAnswer,
  type SlowAnswer,
  type SlowAnswerOptions,
} from "./engine-kit/caches/slow-answer.js";
export {
  type Calendar,
  type CalendarWindow,
  checkWindowLength,
  createCalendar,
  type WindowLength,
} from "./engine-kit/calendar.js";
export {
  differingOption,
  type Finding,
  findingsOf,
  ok,
  problem,
  problemOf,
  warning,
  warnOnce,
} from "./engine-kit/findings.js";
export {
  createGroupCommit,
  type GroupCommit,
  type GroupCommitOptions,
  type GroupItem,
} from "./engine-kit/group-commit.js";
export {
  type ArrivingBytes,
  type ArrivingOptions,
  arrivingBytes,
  BrokenCompression,
  tooLarge,
} from "./engine-kit/intake/arriving-bytes.js";
export type { Decoder } from "./engine-kit/intake/decompress.js";
export type { Place } from "./engine-kit/intake/place.js";
export { lazyEngine } from "./engine-kit/lazy-engine.js";
export { createLearnedSize } from "./engine-kit/learned-size.js";
export { bucketStart, type CallBuckets, createCallBuckets } from "./engine-kit/ledgers/call-buckets.js";
export { createCallLedger } from "./engine-kit/ledgers/call-ledger.js";
export { createRollupLedger } from "./engine-kit/ledgers/rollup-ledger.js";
export type { LedgerSource } from "./engine-kit/ledgers/trace-ledger.js";
export { createNameCodec, type NameCodec } from "./engine-kit/name-codec.js";
export { pause } from "./engine-kit/pause.js";
export { createReclaimer } from "./engine-kit/reclaim.js";
export { checkNode, unsupportedNode } from "./engine-kit/runtime.js";
export { threadFile } from "./engine-kit/threads/thread-file.js";
export {
  createWorkerChannel,
  type WaitingCall,
  type WorkerChannel,
  type WorkerChannelOptions,
} from "./engine-kit/threads/worker-channel.js";
export { createWriteBarrier, type WriteBarrier } from "./engine-kit/write-barrier.js";
export {
  type ErrorData,
  type ErrorDetails,
  errorFromData,
  errorToData,
  mayPass,
  throwIfAborted,
} from "./errors/errors.js";
export { messageOf } from "./errors/message-of.js";
export { invalidOption, wholeNumberOption } from "./errors/option-checks.js";
export { orAborted } from "./errors/or-aborted.js";
export { type LimitedTraces, limitTraces, type SpanLimits } from "./fragments/limits.js";
export type { SeenOperation } from "./fragments/operations.js";
export { spansSince } from "./fragments/spans-since.js";
export { type Split, type SplitOptions, splitByTrace, type TraceFragment } from "./fragments/split.js";
export {
  type WatchedFragment,
  watchedFragments,
} from "./fragments/watched-fragments.js";
export { latencyCount, latencyIndex, latencySum, mergeLatencies, sortedBuckets } from "./model/latency.js";
export { compareCodePoints } from "./model/text-order.js";
export type { SpanView } from "./otlp/span-view.js";
export { decodeFilter, encodeFilter } from "./query/filter/forms/wire-form.js";
export type { FilterExpression } from "./query/filter/language/ast.js";
export { parseDuration, parseInstant } from "./query/filter/language/literals.js";
export type { Constant, Level, Predicate, Reference } from "./query/filter/language/predicate.js";
export { compilePredicate } from "./query/filter/match/matcher.js";
export { resolveFilter } from "./query/filter/resolve/resolve.js";
export type { MetricLabel } from "./query/metric-labels.js";
export { maxMetricPoints, metricLabelsOf, searchOfMetricsQuery } from "./query/metrics-query.js";
export { checkTimeRange } from "./query/search-of-query.js";
export { defaultLimit } from "./query/trace-query.js";
export type {
  Expired,
  ExpireOptions,
  GetTracesOptions,
  ReadOptions,
  ServiceSummary,
} from "./store/contract/calls.js";
export { allCapabilities } from "./store/contract/capabilities.js";
export type {
  CandidateBatch,
  CandidateSearch,
  Engine,
  EngineReader,
  EngineWriter,
  Fragment,
  ThreadedEngine,
} from "./store/contract/engine.js";
export type { HoldBytes, Reading } from "./store/contract/reading.js";
export type { StoreReads } from "./store/contract/span-store.js";
export { createSpanStore, encodedTraces } from "./store/create-store.js";
export { countBefore, countSpansBefore, expireSpans, type SpanCount } from "./store/lifecycle/expire.js";
export { withLifecycle } from "./store/lifecycle/lifecycle.js";
export { checkTenantName, createTenants, tenantIdleMillis } from "./store/lifecycle/tenants.js";
export { isAnsweredByRollups } from "./store/metrics/rollup-series.js";
export { assembleChunks } from "./store/reading/assemble.js";
export { batchEnd } from "./store/reading/batches.js";
export { callsOfTrace, createCallCounter, type ServiceCall } from "./store/reading/dependencies.js";
export {
  createReadBudget,
  type ReadBudget,
  type ReadBudgetOptions,
  uncounted,
} from "./store/reading/read-budget.js";
export { summarize } from "./store/reading/summaries.js";
export { createTurns } from "./store/reading/turns.js";
export { checkSpanLimit, createStoreReads, createUncountedReads } from "./store/store-reads.js";
export { requiredTerms } from "./terms/plan.js";
export type { Term } from "./terms/term.js";
export type { TermSet } from "./terms/term-list.js";
export { isImpossible, type TermNode } from "./terms/term-node.js";
export type { WatchedTerms } from "./terms/watched-terms.js";
export { formatSize } from "./text/units.js";
export { createSpanWatch, type SpanWatch } from "./watch/span-watch.js";
