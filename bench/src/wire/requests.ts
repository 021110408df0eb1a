import { Buffer } from "node:buffer";
import type { FilterCall, SpanOrder } from "@spanstore/core";
import { encodeFilter } from "@spanstore/core/engine";
import { type AttributeValue, putKeyValue } from "./attributes.js";
import { createWriter, putBytes, putMessage, putText, putUint, type Writer, written } from "./writer.js";

/** A trace search, as jaeger.storage.v2.TraceQueryParameters; times in nanoseconds. */
export interface TraceSearch {
  readonly service?: string;
  readonly operation?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly minDurationNano?: bigint;
  readonly maxDurationNano?: bigint;
  /** Stands alone, without the parts above. */
  readonly filter?: FilterCall;
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

/** A search for spans, as jaeger.storage.v2.SpanQueryParameters. */
export interface SpanSearch {
  readonly filter: FilterCall;
  readonly startMinNano: bigint;
  readonly startMaxNano: bigint;
  /** Without it newest first. */
  readonly orderBy?: readonly Required<SpanOrder>[];
}

/** One page: as many results, and where they begin; an empty token is the first page. */
export interface Page {
  readonly size: number;
  readonly token: string;
}

function putPage(writer: Writer, field: number, { size, token }: Page): void {
  putMessage(writer, field, (page) => {
    putUint(page, 1, size);
    if (token !== "") putText(page, 2, token);
  });
}

/**
 * FindTracesRequest, FindTraceIDsRequest and FindTraceSummariesRequest alike. With `page` it asks for one
 * page and ignores the search's limit.
 */
export function findRequest(search: TraceSearch, page?: Page): Buffer {
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
    if (search.filter !== undefined) putBytes(query, 9, encodeFilter(search.filter));
    if (page === undefined) putUint(query, 8, search.limit);
    else putPage(query, 10, page);
  });
  return written(request);
}

export function findSpansRequest(search: SpanSearch, page: Page): Buffer {
  const request = createWriter(256);
  putMessage(request, 1, (query) => {
    putSeconds(query, 1, search.startMinNano);
    putSeconds(query, 2, search.startMaxNano);
    putBytes(query, 3, encodeFilter(search.filter));
    putPage(query, 4, page);
    for (const { field, direction } of search.orderBy ?? []) {
      putMessage(query, 5, (order) => {
        putMessage(order, 1, (expression) =>
          putMessage(expression, 2, (reference) => {
            putText(reference, 1, field);
            putText(reference, 2, "span");
          }),
        );
        putText(order, 2, direction);
      });
    }
  });
  return written(request);
}

/** GetTracesRequest for trace ids in hex, without a time range. */
export function getTracesRequest(traceIds: readonly string[]): Buffer {
  const request = createWriter(64);
  for (const traceId of traceIds) {
    putMessage(request, 1, (query) => putBytes(query, 1, Buffer.from(traceId, "hex")));
  }
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
