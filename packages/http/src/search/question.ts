import {
  type FilterCall,
  filterFromJson,
  type PageRequest,
  parseTraceQl,
  SpanStoreError,
} from "@spanstore/core";
import { parseInstant } from "@spanstore/core/engine";
import type { Call } from "../wire/call.js";

/** The fields that searches for traces and for spans share. */
export interface Question {
  readonly filter?: FilterCall;
  readonly startTimeMinUnixNano?: bigint;
  readonly startTimeMaxUnixNano?: bigint;
  readonly page?: PageRequest;
}

type Fields = Readonly<Record<string, unknown>>;

const common = ["q", "filter", "startTimeMin", "startTimeMax", "pageSize", "pageToken"];

/**
 * Reads the JSON object in a call's body.
 * @param own the allowed fields beside the shared ones.
 * @throws INVALID_QUERY for a malformed body or an unknown field.
 */
export async function questionBody(call: Call, own: readonly string[]): Promise<Fields> {
  const text = (await call.body(call.settings.maxQueryBytes)).toString();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SpanStoreError("INVALID_QUERY", "the body is no JSON", { field: "body", cause });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new SpanStoreError("INVALID_QUERY", "the body is no JSON object", { field: "body" });
  }
  const known = [...common, ...own];
  for (const name of Object.keys(json)) {
    if (known.includes(name)) continue;
    throw new SpanStoreError("INVALID_QUERY", `unknown field '${name.slice(0, 60)}'`, {
      field: name,
      hint: `there is ${known.join(", ")}`,
    });
  }
  return json as Fields;
}

/** @throws INVALID_QUERY, UNSUPPORTED_FILTER naming the field. */
export function questionOf(fields: Fields): Question {
  const startTimeMinUnixNano = timeIn(fields, "startTimeMin");
  const startTimeMaxUnixNano = timeIn(fields, "startTimeMax");
  const filter = filterIn(fields);
  const page = pageIn(fields);
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(startTimeMinUnixNano === undefined ? {} : { startTimeMinUnixNano }),
    ...(startTimeMaxUnixNano === undefined ? {} : { startTimeMaxUnixNano }),
    ...(page === undefined ? {} : { page }),
  };
}

function filterIn({ q, filter }: Fields): FilterCall | undefined {
  if (q !== undefined && filter !== undefined) {
    throw wrong("filter", "and q exclude each other");
  }
  if (filter !== undefined) return filterFromJson(filter);
  if (q === undefined) return undefined;
  if (typeof q !== "string") throw wrong("q", "is no text");
  return parseTraceQl(q, "q");
}

function timeIn(fields: Fields, name: string): bigint | undefined {
  const text = fields[name];
  if (text === undefined) return undefined;
  const nanos = typeof text === "string" ? parseInstant(text) : undefined;
  if (nanos === undefined) throw wrong(name, "is no time such as 2026-01-02T15:04:05Z");
  return nanos < 0n ? 0n : nanos;
}

function pageIn(fields: Fields): PageRequest | undefined {
  const size = integerIn(fields, "pageSize");
  const token = fields.pageToken;
  if (token !== undefined && typeof token !== "string") throw wrong("pageToken", "is no text");
  if (size === undefined) {
    if (token !== undefined) throw wrong("pageToken", "stands there without pageSize");
    return undefined;
  }
  return token === undefined ? { size } : { size, token };
}

/** A whole number above 0. @throws INVALID_QUERY. */
export function integerIn(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) > 0)) {
    return value as number | undefined;
  }
  throw wrong(name, "is no whole number above 0");
}

/** @throws INVALID_QUERY. */
export function booleanIn(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (value === undefined || typeof value === "boolean") return value ?? false;
  throw wrong(name, "is neither true nor false");
}

export function wrong(field: string, problem: string): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", `${field} ${problem}`, { field });
}
