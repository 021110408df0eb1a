import { Buffer } from "node:buffer";
import { type AttributeValue, putKeyValue } from "./attributes.js";
import { createWriter, putBytes, putMessage, putText, putUint, type Writer, written } from "./writer.js";

/** A classic trace search, as jaeger.storage.v2.TraceQueryParameters; times in nanoseconds. */
export interface TraceSearch {
  readonly service?: string;
  readonly operation?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly minDurationNano?: bigint;
  readonly maxDurationNano?: bigint;
  readonly startMinNano: bigint;
  readonly startMaxNano: bigint;
  readonly limit: number;
}

const nanosPerSecond = 1_000_000_000n;

/** google.protobuf.Timestamp and Duration have the same two fields. */
function putSeconds(writer: Writer, field: number, nano: bigint): void {
  putMessage(writer, field, (inner) => {
    putUint(inner, 1, Number(nano / nanosPerSecond));
    putUint(inner, 2, Number(nano % nanosPerSecond));
  });
}

/** FindTracesRequest, FindTraceIDsRequest and FindTraceSummariesRequest alike. */
export function findRequest(search: TraceSearch): Buffer {
  const request = createWriter(256);
  putMessage(request, 1, (query) => {
    if (search.service !== undefined) putText(query, 1, search.service);
    if (search.operation !== undefined) putText(query, 2, search.operation);
    for (const [key, value] of Object.entries(search.attributes ?? {})) {
      putMessage(query, 3, (attribute) => putKeyValue(attribute, key, value));
    }
    putSeconds(query, 4, search.startMinNano);
    putSeconds(query, 5, search.startMaxNano);
    if (search.minDurationNano !== undefined) putSeconds(query, 6, search.minDurationNano);
    if (search.maxDurationNano !== undefined) putSeconds(query, 7, search.maxDurationNano);
    putUint(query, 8, search.limit);
  });
  return written(request);
}

/** GetTracesRequest for one trace id in hex, without a time range. */
export function getTraceRequest(traceId: string): Buffer {
  const request = createWriter(64);
  putMessage(request, 1, (query) => putBytes(query, 1, Buffer.from(traceId, "hex")));
  return written(request);
}

export function operationsRequest(service: string): Buffer {
  const request = createWriter(64);
  putText(request, 1, service);
  return written(request);
}

export function dependenciesRequest(startNano: bigint, endNano: bigint): Buffer {
  const request = createWriter(64);
  putSeconds(request, 1, startNano);
  putSeconds(request, 2, endNano);
  return written(request);
}
