export {
  createSpanStoreExporter,
  type ExportResult,
  type SpanStoreExporter,
  type SpanStoreExporterOptions,
} from "./exporter.js";
export type {
  AttributeMap,
  HighResolutionTime,
  ReadableEvent,
  ReadableLink,
  ReadableResource,
  ReadableScope,
  ReadableSpan,
  ReadableSpanContext,
} from "./readable-span.js";
export { tracesOfReadableSpans } from "./traces-of-spans.js";
