import type { AnyValue, KeyValue } from "@spanstore/core";
import { textForm } from "@spanstore/core/otlp";

/**
 * Identifies the host of a resource by `host.id`, else the first `host.ip`, else `host.name`; empty without any. The spans of
 * one host share a clock.
 */
export function hostKeyOf(attributes: readonly KeyValue[]): string {
  const id = attributeValue(attributes, "host.id");
  if (id !== undefined) return stringOf(id);
  const ip = attributeValue(attributes, "host.ip");
  if (ip !== undefined && "stringValue" in ip) return ip.stringValue;
  const [first] = ip !== undefined && "arrayValue" in ip ? ip.arrayValue.values : [];
  if (first !== undefined) return textForm(first);
  const name = attributeValue(attributes, "host.name");
  return name === undefined ? "" : stringOf(name);
}

function attributeValue(attributes: readonly KeyValue[], key: string): AnyValue | undefined {
  return attributes.find((attribute) => attribute.key === key)?.value;
}

function stringOf(value: AnyValue): string {
  return "stringValue" in value ? value.stringValue : "";
}
