import type { KeyValue } from "../model/any-value.js";
import type {
  InstrumentationScope,
  Resource,
  ResourceSpans,
  ScopeSpans,
  Span,
  SpanEvent,
  SpanLink,
  Status,
  TracesData,
} from "../model/trace.js";
import { decodeEvent, decodeLink, readId, readMessage, readString } from "./decode-parts.js";
import { decodeKeyValue } from "./values.js";
import { Cursor, expectWireType, oldScopeSpansTag, wireFixed32, wireFixed64, wireVarint } from "./wire.js";

/**
 * Decodes an OTLP TracesData, or an ExportTraceServiceRequest, which has the same form. Sets every property; those absent in the
 * bytes get OTLP's zero value, but `resource`, `scope` and `status` stay absent. Keeps order, duplicate keys and empty
 * values; drops unknown fields. Ids are hex of any length.
 * @throws INVALID_TRACES when the bytes are no OTLP.
 */
export function decodeTraces(encoded: Uint8Array): TracesData {
  const resourceSpans: ResourceSpans[] = [];
  const cursor = new Cursor(encoded);
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag >>> 3 === 1) {
      resourceSpans.push(readMessage(cursor, tag, "TracesData.resource_spans", decodeResourceSpans));
    } else {
      cursor.skip(tag);
    }
  }
  return { resourceSpans };
}

function decodeResourceSpans(cursor: Cursor): ResourceSpans {
  let resource: Resource | undefined;
  let schemaUrl = "";
  const scopeSpans: ScopeSpans[] = [];
  const oldScopeSpans: ScopeSpans[] = [];
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag === oldScopeSpansTag) {
      oldScopeSpans.push(
        readMessage(cursor, tag, "ResourceSpans.instrumentation_library_spans", decodeScopeSpans),
      );
      continue;
    }
    switch (tag >>> 3) {
      case 1:
        resource = readMessage(cursor, tag, "ResourceSpans.resource", decodeResource);
        break;
      case 2:
        scopeSpans.push(readMessage(cursor, tag, "ResourceSpans.scope_spans", decodeScopeSpans));
        break;
      case 3:
        schemaUrl = readString(cursor, tag, "ResourceSpans.schema_url");
        break;
      default:
        cursor.skip(tag);
    }
  }
  const given = scopeSpans.length > 0 ? scopeSpans : oldScopeSpans;
  return { ...(resource === undefined ? {} : { resource }), scopeSpans: given, schemaUrl };
}

function decodeResource(cursor: Cursor): Resource {
  let droppedAttributesCount = 0;
  const attributes: KeyValue[] = [];
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    switch (tag >>> 3) {
      case 1:
        attributes.push(readAttribute(cursor, tag, "Resource.attributes"));
        break;
      case 2:
        droppedAttributesCount = readCount(cursor, tag, "Resource.dropped_attributes_count");
        break;
      default:
        cursor.skip(tag);
    }
  }
  return { attributes, droppedAttributesCount };
}

function decodeScopeSpans(cursor: Cursor): ScopeSpans {
  let scope: InstrumentationScope | undefined;
  let schemaUrl = "";
  const spans: Span[] = [];
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    switch (tag >>> 3) {
      case 1:
        scope = readMessage(cursor, tag, "ScopeSpans.scope", decodeScope);
        break;
      case 2:
        spans.push(readMessage(cursor, tag, "ScopeSpans.spans", decodeSpan));
        break;
      case 3:
        schemaUrl = readString(cursor, tag, "ScopeSpans.schema_url");
        break;
      default:
        cursor.skip(tag);
    }
  }
  return scope === undefined ? { spans, schemaUrl } : { scope, spans, schemaUrl };
}

function decodeScope(cursor: Cursor): InstrumentationScope {
  let name = "";
  let version = "";
  let droppedAttributesCount = 0;
  const attributes: KeyValue[] = [];
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    switch (tag >>> 3) {
      case 1:
        name = readString(cursor, tag, "InstrumentationScope.name");
        break;
      case 2:
        version = readString(cursor, tag, "InstrumentationScope.version");
        break;
      case 3:
        attributes.push(readAttribute(cursor, tag, "InstrumentationScope.attributes"));
        break;
      case 4:
        droppedAttributesCount = readCount(cursor, tag, "InstrumentationScope.dropped_attributes_count");
        break;
      default:
        cursor.skip(tag);
    }
  }
  return { name, version, attributes, droppedAttributesCount };
}

function decodeSpan(cursor: Cursor): Span {
  let traceId = "";
  let spanId = "";
  let traceState = "";
  let parentSpanId = "";
  let flags = 0;
  let name = "";
  let kind = 0;
  let startTimeUnixNano = 0n;
  let endTimeUnixNano = 0n;
  let droppedAttributesCount = 0;
  let droppedEventsCount = 0;
  let droppedLinksCount = 0;
  let status: Status | undefined;
  const attributes: KeyValue[] = [];
  const events: SpanEvent[] = [];
  const links: SpanLink[] = [];
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    switch (tag >>> 3) {
      case 1:
        traceId = readId(cursor, tag, "Span.trace_id");
        break;
      case 2:
        spanId = readId(cursor, tag, "Span.span_id");
        break;
      case 3:
        traceState = readString(cursor, tag, "Span.trace_state");
        break;
      case 4:
        parentSpanId = readId(cursor, tag, "Span.parent_span_id");
        break;
      case 5:
        name = readString(cursor, tag, "Span.name");
        break;
      case 6:
        kind = readEnum(cursor, tag, "Span.kind");
        break;
      case 7:
        expectWireType(tag, wireFixed64, "Span.start_time_unix_nano");
        startTimeUnixNano = cursor.fixed64();
        break;
      case 8:
        expectWireType(tag, wireFixed64, "Span.end_time_unix_nano");
        endTimeUnixNano = cursor.fixed64();
        break;
      case 9:
        attributes.push(readAttribute(cursor, tag, "Span.attributes"));
        break;
      case 10:
        droppedAttributesCount = readCount(cursor, tag, "Span.dropped_attributes_count");
        break;
      case 11:
        events.push(readMessage(cursor, tag, "Span.events", decodeEvent));
        break;
      case 12:
        droppedEventsCount = readCount(cursor, tag, "Span.dropped_events_count");
        break;
      case 13:
        links.push(readMessage(cursor, tag, "Span.links", decodeLink));
        break;
      case 14:
        droppedLinksCount = readCount(cursor, tag, "Span.dropped_links_count");
        break;
      case 15: {
        // Protobuf merges repeated occurrences of a message field, and so does SpanView.
        const before: Status = status ?? { message: "", code: 0 };
        status = readMessage(cursor, tag, "Span.status", (message) => decodeStatus(message, before));
        break;
      }
      case 16:
        expectWireType(tag, wireFixed32, "Span.flags");
        flags = cursor.fixed32();
        break;
      default:
        cursor.skip(tag);
    }
  }
  const span: Span = {
    traceId,
    spanId,
    traceState,
    parentSpanId,
    flags,
    name,
    kind,
    startTimeUnixNano,
    endTimeUnixNano,
    attributes,
    droppedAttributesCount,
    events,
    droppedEventsCount,
    links,
    droppedLinksCount,
  };
  return status === undefined ? span : { ...span, status };
}

function decodeStatus(cursor: Cursor, before: Status): Status {
  let { message = "", code = 0 } = before;
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    switch (tag >>> 3) {
      case 2:
        message = readString(cursor, tag, "Status.message");
        break;
      case 3:
        code = readEnum(cursor, tag, "Status.code");
        break;
      default:
        cursor.skip(tag);
    }
  }
  return { message, code };
}

function readAttribute(cursor: Cursor, tag: number, field: string): KeyValue {
  return readMessage(cursor, tag, field, decodeKeyValue);
}

function readCount(cursor: Cursor, tag: number, field: string): number {
  expectWireType(tag, wireVarint, field);
  return cursor.varint32();
}

/** An enum is an int32 on the wire, where negative numbers are 64-bit two's complements. */
function readEnum(cursor: Cursor, tag: number, field: string): number {
  expectWireType(tag, wireVarint, field);
  return cursor.varint32() | 0;
}
