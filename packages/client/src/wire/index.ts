// Client and server share these: the messages, and the meaning of some of their fields.
export { filterOf, spanFilterField, traceFilterField } from "./filter-of.js";
export { encodeFindSpansResponse, spansField, tokenField } from "./find-spans-response.js";
export { grpcCodeOf } from "./grpc-code.js";
export { lengthDelimited } from "./length-delimited.js";
export {
  metricsFilterField,
  type ProtoDependency,
  type ProtoMetricSeries,
  protoDependency,
  protoSeries,
} from "./metrics.js";
export {
  decodeExportResponse,
  encodeExportResponse,
  type PartialSuccess,
  partialSuccessOf,
} from "./partial-success.js";
export { loadProtos, type MessageCodec, messageCodec, ownPaths, serviceOf } from "./protos.js";
export type { Pagination } from "./query/pagination.js";
export { type SpanQueryParameters, spanQueryOf } from "./query/span-query.js";
export { type TraceQueryParameters, traceQueryOf } from "./query/trace-query.js";
export { decodeDetails, detailsKey, encodeDetails, type StatusDetails } from "./status-details.js";
export {
  type ProtoFoundTrace,
  type ProtoSummary,
  protoFoundTrace,
  protoSummary,
  traceIdOf,
} from "./summaries.js";
export { binarySuffix, defaultTenantHeader, isTenantHeader, tenantHeaderOf } from "./tenant-header.js";
export {
  checkRange,
  type Duration,
  duration,
  instant,
  latestNano,
  type Timestamp,
  timestampOf,
} from "./times.js";
