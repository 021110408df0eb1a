import { Buffer } from "node:buffer";
import { type AnyValue, decodeTraces, type KeyValue, type Span } from "@spanstore/core";
import { spanKindWord } from "@spanstore/core/otlp";
import {
  createWriter,
  putBytes,
  putDouble,
  putMessage,
  putText,
  putUint,
  type Writer,
  written,
} from "../wire/writer.js";
import { createBatchEncoder } from "./encode.js";
import type { DataSet } from "./trace.js";

/** jaeger.api_v2.ValueType. */
const types = { string: 0, bool: 1, int64: 2, float64: 3, binary: 4 } as const;
const followsFrom = 1;
const nanosPerSecond = 1_000_000_000n;

/**
 * Makes the spans of a trace of the data set, each as an encoded jaeger.storage.v1.WriteSpanRequest, such as a
 * collector of Jaeger 1 makes of what comes over OTLP. Written for the benchmark, so that it tests no code with itself.
 */
export function createSpanRequests(set: DataSet): (age: number) => Buffer[] {
  const encoder = createBatchEncoder(set);
  return (age) => {
    const requests: Buffer[] = [];
    for (const { resource, scopeSpans } of decodeTraces(encoder.encode(age, age)).resourceSpans) {
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        const request = createWriter(1024);
        putMessage(request, 1, (inner) => putSpan(inner, span, resource?.attributes ?? []));
        requests.push(written(request));
      }
    }
    return requests;
  };
}

function putSpan(writer: Writer, span: Span, resource: readonly KeyValue[]): void {
  const traceId = Buffer.from(span.traceId, "hex");
  putBytes(writer, 1, traceId);
  putBytes(writer, 2, Buffer.from(span.spanId, "hex"));
  putText(writer, 3, span.name);
  if (span.parentSpanId) putReference(writer, span.traceId, span.parentSpanId, 0);
  for (const link of span.links ?? []) putReference(writer, link.traceId, link.spanId, followsFrom);
  putUint(writer, 5, 1);
  putNanos(writer, 6, span.startTimeUnixNano);
  putNanos(writer, 7, span.endTimeUnixNano - span.startTimeUnixNano);
  for (const attribute of span.attributes ?? []) putTag(writer, 8, attribute);
  const kind = spanKindWord(span.kind ?? 0);
  if (kind !== "") putTag(writer, 8, { key: "span.kind", value: { stringValue: kind } });
  if (span.status?.code === 2) putTag(writer, 8, { key: "error", value: { boolValue: true } });
  for (const event of span.events ?? []) {
    putMessage(writer, 9, (log) => {
      putNanos(log, 1, event.timeUnixNano);
      putTag(log, 2, { key: "event", value: { stringValue: event.name } });
      for (const attribute of event.attributes ?? []) putTag(log, 2, attribute);
    });
  }
  putMessage(writer, 10, (process) => {
    for (const attribute of resource) {
      const { key, value } = attribute;
      if (key === "service.name" && "stringValue" in value) putText(process, 1, value.stringValue);
      else putTag(process, 2, attribute);
    }
  });
}

function putReference(writer: Writer, traceId: string, spanId: string, type: number): void {
  putMessage(writer, 4, (reference) => {
    putBytes(reference, 1, Buffer.from(traceId, "hex"));
    putBytes(reference, 2, Buffer.from(spanId, "hex"));
    if (type !== 0) putUint(reference, 3, type);
  });
}

/** A Timestamp or a Duration. */
function putNanos(writer: Writer, field: number, nanos: bigint): void {
  putMessage(writer, field, (time) => {
    if (nanos >= nanosPerSecond) putUint(time, 1, Number(nanos / nanosPerSecond));
    if (nanos % nanosPerSecond !== 0n) putUint(time, 2, Number(nanos % nanosPerSecond));
  });
}

function putTag(writer: Writer, field: number, { key, value }: KeyValue): void {
  putMessage(writer, field, (tag) => {
    putText(tag, 1, key);
    putValue(tag, value);
  });
}

/** The data set has values of these four types only. */
function putValue(tag: Writer, value: AnyValue): void {
  if ("stringValue" in value) {
    putText(tag, 3, value.stringValue);
  } else if ("boolValue" in value) {
    putUint(tag, 2, types.bool);
    if (value.boolValue) putUint(tag, 4, 1);
  } else if ("intValue" in value) {
    putUint(tag, 2, types.int64);
    putUint(tag, 5, Number(value.intValue));
  } else if ("doubleValue" in value) {
    putUint(tag, 2, types.float64);
    putDouble(tag, 6, value.doubleValue);
  }
}
