import { SpanStoreError } from "../../../errors/errors.js";
import type { SpanEvent, SpanLink } from "../../../model/trace.js";
import type { SpanView } from "../../../otlp/span-view.js";
import { lookupField } from "../language/fields.js";
import type { FieldRef } from "../language/predicate.js";

/** Text, nanoseconds (signed for durations and offsets), or OTLP's number of a kind or status. */
export type FieldValue = string | bigint | number;

const spanFields: Readonly<Record<string, (span: SpanView) => FieldValue>> = {
  "span.traceID": (span) => span.traceId,
  "span.spanID": (span) => span.spanId,
  "span.parentSpanID": (span) => span.parentSpanId,
  "span.traceState": (span) => span.traceState,
  "span.name": (span) => span.name,
  "span.kind": (span) => span.kind,
  "span.startTime": (span) => span.startTimeUnixNano,
  "span.endTime": (span) => span.endTimeUnixNano,
  "span.status": (span) => span.statusCode,
  "span.statusMessage": (span) => span.statusMessage,
  "span.duration": (span) => span.durationNano,
  "resource.service": (span) => span.resource.serviceName,
  "resource.schemaURL": (span) => span.resource.schemaUrl,
  "scope.name": (span) => span.scope.name,
  "scope.version": (span) => span.scope.version,
  "scope.schemaURL": (span) => span.scope.schemaUrl,
};
const eventFields: Readonly<Record<string, (event: SpanEvent, span: SpanView) => FieldValue>> = {
  "event.name": (event) => event.name,
  "event.time": (event) => event.timeUnixNano,
  "event.timeSinceStart": (event, span) => event.timeUnixNano - span.startTimeUnixNano,
};
const linkFields: Readonly<Record<string, (link: SpanLink) => FieldValue>> = {
  "link.traceID": (link) => link.traceId,
  "link.spanID": (link) => link.spanId,
  "link.traceState": (link) => link.traceState ?? "",
};

/**
 * Calls `test` with the field's values on a span until one passes. `event` and `link` are the elements that an enclosing `some`
 * binds. An absent field has no values.
 */
export type FieldScan = (
  span: SpanView,
  event: SpanEvent | undefined,
  link: SpanLink | undefined,
  test: (value: FieldValue) => boolean,
) => boolean;

/** @throws INTERNAL for an unknown field. */
export function fieldScan(ref: FieldRef): FieldScan {
  const name = `${ref.level}.${ref.name}`;
  const ofSpan = spanFields[name];
  if (ofSpan !== undefined) {
    if (!lookupField(ref.level, ref.name)?.optional) return (span, _event, _link, test) => test(ofSpan(span));
    return (span, _event, _link, test) => {
      const value = ofSpan(span);
      return value !== "" && test(value);
    };
  }
  const ofEvent = eventFields[name];
  if (ofEvent !== undefined) {
    return (span, event, _link, test) =>
      event !== undefined
        ? test(ofEvent(event, span))
        : span.events.some((each) => test(ofEvent(each, span)));
  }
  const ofLink = linkFields[name];
  if (ofLink !== undefined) {
    return (span, _event, link, test) =>
      link !== undefined ? test(ofLink(link)) : span.links.some((each) => test(ofLink(each)));
  }
  throw new SpanStoreError("INTERNAL", `there is no field ${name}`);
}
