import { type AnyValue, decodeTraces } from "@spanstore/core";
import { textForm } from "@spanstore/core/otlp";
import { keyOf } from "./attention.js";
import { lengthDelimited, textAttribute } from "./protobuf.js";

/** The value of an encoded KeyValue. */
function valueOfAttribute(attribute: Uint8Array): AnyValue {
  // As the attribute of a resource, which is what a decoder is there for.
  const resource = lengthDelimited(0x0a, lengthDelimited(0x0a, attribute));
  const [found] = decodeTraces(lengthDelimited(0x0a, resource)).resourceSpans;
  return found?.resource?.attributes[0]?.value ?? {};
}

/** The same KeyValue with an address as text where it has a number; undefined where it has none. */
export function asAddress(attribute: Uint8Array): Buffer | undefined {
  const value = valueOfAttribute(attribute);
  let number: number;
  if ("intValue" in value) number = Number(BigInt.asUintN(32, value.intValue));
  else if ("doubleValue" in value) number = asUint32(value.doubleValue);
  else return undefined;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return textAttribute(keyOf(attribute, 0), bytes.join("."));
}

/** As Go's machines convert it: by way of 64 bits, of which what does not fit has none. */
function asUint32(double: number): number {
  return Math.abs(double) < 2 ** 63 ? Math.trunc(double) >>> 0 : 0;
}

/** The warnings that a KeyValue holds: a list of texts, or one. */
export function warningsOf(attribute: Uint8Array): string[] {
  const value = valueOfAttribute(attribute);
  return "arrayValue" in value ? value.arrayValue.values.map(textForm) : [textForm(value)];
}
