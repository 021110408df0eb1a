import type { AnyValue, TraceQuery } from "@spanstore/core";

/** jaeger.storage.v2.AnyValue as proto-loader reads and writes it. */
interface ProtoAnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly bytesValue?: Uint8Array;
  readonly arrayValue?: { readonly values?: readonly ProtoAnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly ProtoKeyValue[] };
}

export interface ProtoKeyValue {
  readonly key?: string;
  readonly value?: ProtoAnyValue;
}

/** The attributes of a query, with the types of their values. */
export function protoAttributes(attributes: NonNullable<TraceQuery["attributes"]>): ProtoKeyValue[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: protoValue(typed(value)) }));
}

function typed(value: AnyValue | string | number | boolean | bigint): AnyValue {
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
    // The protocol has no larger integers than int64; searches compare attributes by their text form.
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

/** The attributes of a request. The last value of a repeated key counts, as in the maps of Jaeger's clients. */
export function attributesOf(attributes: readonly ProtoKeyValue[]): Record<string, AnyValue> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key ?? "", anyValue(value)]));
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
