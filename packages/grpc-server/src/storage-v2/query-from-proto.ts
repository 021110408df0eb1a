import { checkRange, type Duration, duration, instant, type Timestamp } from "@spanstore/client/wire";
import { type AnyValue, type FilterCall, SpanStoreError, type TraceQuery } from "@spanstore/core";
import { type Pagination, pageFromProto } from "./pagination.js";

/** jaeger.storage.v2.TraceQueryParameters as proto-loader reads it. */
export interface TraceQueryParameters {
  readonly serviceName?: string;
  readonly operationName?: string;
  readonly attributes?: readonly ProtoKeyValue[];
  readonly startTimeMin?: Timestamp;
  readonly startTimeMax?: Timestamp;
  readonly durationMin?: Duration;
  readonly durationMax?: Duration;
  readonly searchDepth?: number;
  readonly pagination?: Pagination;
}

interface ProtoKeyValue {
  readonly key?: string;
  readonly value?: ProtoAnyValue;
}

interface ProtoAnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly ProtoAnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly ProtoKeyValue[] };
  readonly bytesValue?: Uint8Array;
}

/**
 * What a request asks, in core's terms; no parameters ask for every trace.
 * @param filter of the request, see `filterOf`.
 * @throws INVALID_QUERY naming the field at fault as the protocol names it.
 */
export function queryFromProto(parameters: TraceQueryParameters = {}, filter?: FilterCall): TraceQuery {
  const { serviceName, operationName, attributes = [], searchDepth = 0 } = parameters;
  const startTimeMinUnixNano = instant(parameters.startTimeMin, "query.start_time_min");
  const startTimeMaxUnixNano = instant(parameters.startTimeMax, "query.start_time_max");
  checkRange(startTimeMinUnixNano, startTimeMaxUnixNano, "query.start_time_min", "query.start_time_max");
  const minDurationNano = duration(parameters.durationMin, "query.duration_min");
  const maxDurationNano = duration(parameters.durationMax, "query.duration_max");
  checkRange(minDurationNano, maxDurationNano, "query.duration_min", "query.duration_max");
  const page = pageFromProto(parameters.pagination);
  if (page !== undefined && searchDepth !== 0) {
    throw new SpanStoreError("INVALID_QUERY", "pagination and search_depth exclude each other", {
      field: "query.pagination",
      hint: "leave search_depth at 0; pagination.page_size bounds the page",
    });
  }
  return {
    ...(serviceName ? { service: serviceName } : {}),
    ...(operationName ? { operation: operationName } : {}),
    // Of a key that is there twice the last value counts, as in the maps that Jaeger's clients hold.
    ...(attributes.length > 0
      ? { attributes: Object.fromEntries(attributes.map(({ key, value }) => [key ?? "", anyValue(value)])) }
      : {}),
    ...(minDurationNano === undefined ? {} : { minDurationNano }),
    ...(maxDurationNano === undefined ? {} : { maxDurationNano }),
    ...(filter === undefined ? {} : { filter }),
    ...(startTimeMinUnixNano === undefined ? {} : { startTimeMinUnixNano }),
    ...(startTimeMaxUnixNano === undefined ? {} : { startTimeMaxUnixNano }),
    ...(searchDepth > 0 ? { limit: searchDepth } : {}),
    ...(page === undefined ? {} : { page }),
  };
}

function anyValue(value: ProtoAnyValue = {}): AnyValue {
  if (value.stringValue !== undefined) return { stringValue: value.stringValue };
  if (value.boolValue !== undefined) return { boolValue: value.boolValue };
  if (value.intValue !== undefined) return { intValue: BigInt(value.intValue) };
  if (value.doubleValue !== undefined) return { doubleValue: value.doubleValue };
  if (value.arrayValue !== undefined) return { arrayValue: { values: list(value.arrayValue).map(anyValue) } };
  if (value.kvlistValue !== undefined)
    return { kvlistValue: { values: list(value.kvlistValue).map(keyValue) } };
  if (value.bytesValue !== undefined) return { bytesValue: value.bytesValue };
  return {};
}

function keyValue({ key = "", value }: ProtoKeyValue) {
  return { key, value: anyValue(value) };
}

function list<T>(holder: { readonly values?: readonly T[] }): readonly T[] {
  return holder.values ?? [];
}
