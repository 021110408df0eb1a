import type { Buffer } from "node:buffer";
import {
  createWriter,
  putBytes,
  putDouble,
  putMessage,
  putText,
  putUint,
  type Writer,
  written,
} from "./writer.js";

/** The value of an attribute of the bench; `{ double }` because a whole number is an int otherwise. */
export type AttributeValue = string | number | boolean | { readonly double: number };

/** Writes opentelemetry.proto.common.v1.KeyValue's content (jaeger.storage.v2.KeyValue is the same). */
export function putKeyValue(writer: Writer, key: string, value: AttributeValue): void {
  putText(writer, 1, key);
  putMessage(writer, 2, (any) => {
    if (typeof value === "string") putText(any, 1, value);
    else if (typeof value === "boolean") putUint(any, 2, value ? 1 : 0);
    else if (typeof value === "number") putUint(any, 3, value);
    else putDouble(any, 4, value.double);
  });
}

/** One attribute as field number `field` of the message around it, tag and length included. */
export function attributeField(field: number, key: string, value: AttributeValue): Buffer {
  const inner = createWriter(64);
  putKeyValue(inner, key, value);
  const outer = createWriter(80);
  putBytes(outer, field, inner.bytes.subarray(0, inner.length));
  return written(outer);
}
