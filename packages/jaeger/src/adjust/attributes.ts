import { type AnyValue, decodeTraces } from "@spanstore/core";
import { textForm } from "@spanstore/core/otlp";
import { keyOf } from "./attention.js";
import { lengthDelimited, textAttribute } from "./protobuf.js";

/** The value of an encoded KeyValue. */
function valueOfAttribute(attribute: Uint8Array): AnyValue {
  // Wraps it as an attribute of a resource, which `decodeTraces` can read.
  const resource = lengthDelimited(0x0a, lengthDelimited(0x0a, attribute));
  const [found] = decodeTraces(lengthDelimited(0x0a, resource)).resourceSpans;
  return found?.resource?.attributes[0]?.value ?? {};
}

/** The KeyValue with its number as an IPv4 address; undefined when its value is no number. */
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

/** Converts like Go on amd64: by way of 64 bits; a number that does not fit into them becomes 0. */
function asUint32(double: number): number {
  return Math.abs(double) < 2 ** 63 ? Math.trunc(double) >>> 0 : 0;
}

/** The warnings of a KeyValue, whose value is a list of texts or a single one. */
export function warningsOf(attribute: Uint8Array): string[] {
  const value = valueOfAttribute(attribute);
  return "arrayValue" in value ? value.arrayValue.values.map(textForm) : [textForm(value)];
}
