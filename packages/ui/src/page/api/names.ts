import { signal } from "@preact/signals";
import { askJson } from "./client.js";

/** All services that the store knows, sorted. */
export const services = signal<readonly string[]>([]);

export async function loadServices(): Promise<void> {
  const { services: names } = await askJson<{ services: string[] }>("api/v3/services");
  services.value = names;
}

export interface Operation {
  readonly name: string;
  readonly spanKind: string;
}

export async function loadOperations(service: string, signal?: AbortSignal): Promise<readonly Operation[]> {
  const call = { params: { service }, signal };
  return (await askJson<{ operations: Operation[] }>("api/v3/operations", call)).operations;
}

export type AttributeLevel = "span" | "resource" | "scope" | "event" | "link";

export interface AttributeName {
  readonly key: string;
  readonly level: AttributeLevel;
}

/** Loads the names of attributes in the newest spans, the most frequent first. */
export async function loadAttributeNames(signal?: AbortSignal): Promise<readonly AttributeName[]> {
  return (await askJson<{ attributes: AttributeName[] }>("api/v3/attributes", { signal })).attributes;
}

export interface AttributeValue {
  readonly value: string;
  /** As in OTLP's AnyValue: `string`, `int`, `double`, `bool`. */
  readonly type: string;
}

export async function loadAttributeValues(
  key: string,
  level: string | undefined,
  signal?: AbortSignal,
): Promise<readonly AttributeValue[]> {
  const call = { params: { key, level }, signal };
  return (await askJson<{ values: AttributeValue[] }>("api/v3/attributes/values", call)).values;
}
