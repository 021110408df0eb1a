/**
 * OTLP's AnyValue, tagged by the name of its field; `{}` is the empty value. Lists of attributes keep their order and duplicate
 * keys.
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
