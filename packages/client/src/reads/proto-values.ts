import type { AnyValue, TraceQuery } from "@spanstore/core";

/** jaeger.storage.v2.AnyValue as proto-loader writes it. */
type ProtoAnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly bytesValue: Uint8Array }
  | { readonly arrayValue: { readonly values: readonly ProtoAnyValue[] } }
  | { readonly kvlistValue: { readonly values: readonly ProtoKeyValue[] } }
  | Record<never, never>;

interface ProtoKeyValue {
  readonly key: string;
  readonly value: ProtoAnyValue;
}

/** The attributes of a query, each value with its own type. */
export function protoAttributes(attributes: NonNullable<TraceQuery["attributes"]>): ProtoKeyValue[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: protoValue(anyValue(value)) }));
}

function anyValue(value: AnyValue | string | number | boolean | bigint): AnyValue {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "number":
      return { doubleValue: value };
    case "boolean":
      return { boolValue: value };
    case "bigint":
      return { intValue: value };
    default:
      return value;
  }
}

function protoValue(value: AnyValue): ProtoAnyValue {
  if ("intValue" in value) {
    const { intValue } = value;
    // An integer beyond int64 is compared by its text.
    if (intValue !== BigInt.asIntN(64, intValue)) return { stringValue: String(intValue) };
    return { intValue: String(intValue) };
  }
  if ("arrayValue" in value) return { arrayValue: { values: value.arrayValue.values.map(protoValue) } };
  if ("kvlistValue" in value) {
    const values = value.kvlistValue.values.map((each) => ({ key: each.key, value: protoValue(each.value) }));
    return { kvlistValue: { values } };
  }
  return value;
}
