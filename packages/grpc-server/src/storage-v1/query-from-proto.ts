import { type Duration, type Timestamp, traceQueryOf } from "@spanstore/client/wire";
import type { TraceQuery } from "@spanstore/core";

/** jaeger.storage.v1.TraceQueryParameters as proto-loader reads it. */
export interface TraceQueryParameters {
  readonly serviceName?: string;
  readonly operationName?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly startTimeMin?: Timestamp;
  readonly startTimeMax?: Timestamp;
  readonly durationMin?: Duration;
  readonly durationMax?: Duration;
  readonly numTraces?: number;
}

/**
 * Translates a search to core's, as for storage.v2, with each tag as an attribute with a text value.
 * @throws INVALID_QUERY with the protocol's name of the field at fault.
 */
export function queryFromProto({ tags = {}, numTraces = 0, ...rest }: TraceQueryParameters = {}): TraceQuery {
  const attributes = Object.entries(tags).map(([key, value]) => ({ key, value: { stringValue: value } }));
  return traceQueryOf({ ...rest, attributes, searchDepth: numTraces });
}
