import { SpanStoreError } from "@spanstore/core";
import { parseInstant } from "@spanstore/core/engine";
import type { Call } from "../../wire/call.js";
import { HttpError } from "../../wire/errors.js";
import { type ParameterNames, type Parameters, parseParameters } from "../../wire/parameters.js";
import { durationOfText } from "../promql/syntax/literals.js";

/** Parameters of Prometheus's clients that have no effect here. */
export const passedOver = { timeout: "once", lookback_delta: "once", stats: "once" } as const;

const formType = /^application\/x-www-form-urlencoded\b/i;

/** The parameters of the query string and of a posted form. @throws INVALID_QUERY. */
export async function formOf(call: Call, names: ParameterNames): Promise<Parameters> {
  if (call.request.method !== "POST") return call.parameters;
  const type = call.header("content-type") ?? "";
  if (!formType.test(type)) {
    throw new HttpError(415, "a body here is application/x-www-form-urlencoded");
  }
  const url = call.request.url ?? "";
  const at = url.indexOf("?");
  const form = (await call.body(call.settings.maxQueryBytes)).toString("utf8");
  return parseParameters(at < 0 ? form : `${url.slice(at + 1)}&${form}`, names);
}

const latestSeconds = 2 ** 33;

/** Seconds since 1970 or RFC 3339, in milliseconds. @throws INVALID_QUERY. */
export function momentOf(parameters: Parameters, name: string): number | undefined {
  const text = parameters.text(name);
  if (text === undefined) return undefined;
  const instant = parseInstant(text);
  const seconds = instant === undefined ? Number(text) : Number(instant / 1_000_000n) / 1000;
  if (seconds >= 0 && seconds < latestSeconds) return Math.round(seconds * 1000);
  throw unreadable(name, text, "seconds since 1970, or a time such as 2026-01-02T15:04:05Z");
}

/** Seconds or a length of time such as `15s`, in milliseconds. @throws INVALID_QUERY. */
export function lengthOf(parameters: Parameters, name: string): number | undefined {
  const text = parameters.text(name);
  if (text === undefined) return undefined;
  const millis = durationOfText(text) ?? Math.round(Number(text) * 1000);
  if (millis >= 1 && Number.isSafeInteger(millis)) return millis;
  throw unreadable(name, text, "a length of time above 0, in seconds or such as 15s");
}

/** @throws INVALID_QUERY. */
export function required<T>(name: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new SpanStoreError("INVALID_QUERY", `parameter '${name}' is required`, { field: name });
}

function unreadable(name: string, text: string, wanted: string): SpanStoreError {
  const shown = JSON.stringify(text.slice(0, 60));
  return new SpanStoreError("INVALID_QUERY", `invalid parameter '${name}': ${shown} is not ${wanted}`, {
    field: name,
  });
}
