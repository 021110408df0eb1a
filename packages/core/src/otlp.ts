// The subpath `./otlp`: converts OTLP protobuf and JSON to the model and back, and walks over encoded spans.
export { FragmentWriter } from "./fragments/fragment-writer.js";
export { parseTraceId } from "./model/ids.js";
export { textForm } from "./model/text-form.js";
export {
  type InstrumentationScope,
  type Resource,
  type ResourceSpans,
  type ScopeSpans,
  type SpanEvent,
  type SpanLink,
  type Status,
  spanKindWord,
} from "./model/trace.js";
export { decodeTraces } from "./otlp/decode.js";
export { encodeTraces } from "./otlp/encode.js";
export { firstTraceId } from "./otlp/first-trace-id.js";
export { parseGroups, type SpanGroup, spansOf } from "./otlp/groups.js";
export { tracesFromJson, type UnknownName } from "./otlp/json/json.js";
export { type JsonPart, partsOfJson } from "./otlp/json/json-parts.js";
export { tracesToJson } from "./otlp/json/to-json.js";
export { joinBytes } from "./otlp/own-bytes.js";
export { serviceNameOf } from "./otlp/service-name.js";
export { SpanHead, timeOf } from "./otlp/span-head.js";
export type { ResourceView, ScopeView, SpanView } from "./otlp/span-view.js";
export { Cursor } from "./otlp/wire.js";
export { WireWriter } from "./otlp/wire-writer.js";
