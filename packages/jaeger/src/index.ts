export { createTraceAdjuster, type TraceAdjuster } from "./adjust/adjust-trace.js";
export { documentText } from "./documents/document-text.js";
export type {
  JaegerDocument,
  JaegerLog,
  JaegerProcess,
  JaegerReference,
  JaegerSpanDocument,
  JaegerTag,
  UnusableDocument,
} from "./documents/documents.js";
export { spansOfDocuments } from "./documents/spans-of-documents.js";
export {
  createJaegerDocument,
  type JaegerDocumentOptions,
  type JaegerDocumentWriter,
} from "./json/document.js";
export {
  isAbsent,
  isNoId,
  readId,
  readInstant,
  readList,
  readMicros,
  readObject,
  readText,
  refused,
} from "./json/fields.js";
export { createProcesses, jaegerJsonOf, type Processes } from "./json/json-of-otlp.js";
export { type JsonSpan, jsonText } from "./json/json-span.js";
export { parseWithLongNumbers } from "./json/long-numbers.js";
export { otlpOfJaegerJson, type UnreadSpan } from "./json/otlp-of-json.js";
export { parseExactly } from "./json/parse-exactly.js";
export { jaegerSpansOf, spansResponseChunks } from "./to-jaeger/spans-of-otlp.js";
export { otlpOfJaegerSpan } from "./to-otlp/otlp-of-span.js";
