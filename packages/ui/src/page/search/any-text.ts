import type { JsonValue } from "../api/search.js";

/** A value of OTLP's JSON as text; the empty text for an absent one. */
export function textOfValue(value: JsonValue | undefined): string {
  const [kind, held] = Object.entries(value ?? {})[0] ?? [];
  if (kind === undefined || held === undefined || held === null) return "";
  return typeof held === "object" ? JSON.stringify(plainOf(value)) : String(held);
}

interface Held {
  readonly values?: readonly unknown[];
}

/** The value as plain JSON, without the names of types. */
function plainOf(value: unknown): unknown {
  const [kind, held] = Object.entries((value ?? {}) as Record<string, unknown>)[0] ?? [];
  if (kind === "arrayValue") return ((held as Held).values ?? []).map(plainOf);
  if (kind === "kvlistValue") {
    const entries = ((held as Held).values ?? []) as readonly { key: string; value?: unknown }[];
    return Object.fromEntries(entries.map(({ key, value: inner }) => [key, plainOf(inner)]));
  }
  if (kind === "intValue" && Number.isSafeInteger(Number(held))) return Number(held);
  return held ?? null;
}
