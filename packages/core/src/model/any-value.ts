/**
 * OTLP's AnyValue, tagged by the name of the one field that is set; `{}` is the empty value.
 * Attribute lists keep their order and their duplicate keys, as they came.
 */
export type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: bigint }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } }
  | { readonly kvlistValue: { readonly values: readonly KeyValue[] } }
  | { readonly bytesValue: Uint8Array }
  | Record<never, never>;

/** One attribute: opentelemetry.proto.common.v1.KeyValue. */
export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}
