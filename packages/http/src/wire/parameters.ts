import { SpanStoreError } from "@spanstore/core";
import { parseDuration, parseInstant } from "@spanstore/core/engine";

/** The names of allowed parameters, and whether each may be repeated. */
export type ParameterNames = Readonly<Record<string, "once" | "often">>;

/** The parameters of a call. As in Jaeger, an empty value counts as none. */
export interface Parameters {
  readonly text: (name: string) => string | undefined;
  readonly texts: (name: string) => readonly string[];
}

/** @throws INVALID_QUERY for an unknown parameter, or a second value where one is allowed. */
export function parseParameters(query: string, names: ParameterNames): Parameters {
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const often = Object.hasOwn(names, name) ? names[name] : undefined;
    if (often === undefined) {
      throw new SpanStoreError("INVALID_QUERY", `unknown parameter '${shortened(name)}'`, {
        field: name,
        hint: known(names),
      });
    }
    const others = values.get(name) ?? [];
    if (others.length > 0 && often === "once") throw invalid(name, "stands there twice");
    values.set(name, [...others, value]);
  }
  return {
    text: (name) => values.get(name)?.[0] || undefined,
    texts: (name) => values.get(name) ?? [],
  };
}

function known(names: ParameterNames): string {
  const all = Object.keys(names);
  return all.length === 0 ? "there are no parameters here" : `there is ${all.join(", ")}`;
}

/** @throws INVALID_QUERY. */
export function booleanOf(parameters: Parameters, name: string): boolean {
  const text = parameters.text(name);
  if (text === undefined || /^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  throw unreadable(name, text, "true or false");
}

/** A signed whole number of 32 bits. @throws INVALID_QUERY. */
export function integerOf(parameters: Parameters, name: string): number | undefined {
  const text = parameters.text(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^[+-]?\d+$/.test(text) && Math.abs(value) < 2 ** 31) return value;
  throw unreadable(name, text, "a whole number");
}

/** A length of time such as `1.5ms`, in nanoseconds. @throws INVALID_QUERY. */
export function durationOf(parameters: Parameters, name: string): bigint | undefined {
  const text = parameters.text(name);
  if (text === undefined) return undefined;
  const nanos = parseDuration(text);
  if (nanos === undefined) throw unreadable(name, text, "a duration such as 100ms or 1.5s");
  if (nanos < 0n) throw invalid(name, "is negative");
  return nanos;
}

/** A time in units of `unitNanos` since 1970, in nanoseconds; an earlier one becomes 1970. @throws INVALID_QUERY. */
export function timeOf(parameters: Parameters, name: string, unitNanos: bigint): bigint | undefined {
  const text = parameters.text(name);
  if (text === undefined) return undefined;
  if (!/^[+-]?\d{1,19}$/.test(text)) {
    throw unreadable(
      name,
      text,
      `a whole number of ${unitNanos === 1000n ? "micro" : "milli"}seconds since 1970`,
    );
  }
  return bounded(BigInt(text) * unitNanos);
}

/** An RFC 3339 time in nanoseconds. @throws INVALID_QUERY. */
export function instantOf(parameters: Parameters, name: string): bigint | undefined {
  const text = parameters.text(name);
  if (text === undefined) return undefined;
  const nanos = parseInstant(text);
  if (nanos === undefined) throw unreadable(name, text, "a time such as 2026-01-02T15:04:05Z");
  return bounded(nanos);
}

/** A JSON object of texts. @throws INVALID_QUERY. */
export function textMapOf(name: string, text: string): Record<string, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw malformed(name);
  }
  if (json === null) return {};
  if (typeof json !== "object" || Array.isArray(json)) throw malformed(name);
  const entries = Object.entries(json).map(([key, value]): [string, string] => {
    if (value === null) return [key, ""];
    if (typeof value !== "string") throw malformed(name);
    return [key, value];
  });
  return Object.fromEntries(entries);
}

function malformed(name: string): SpanStoreError {
  return new SpanStoreError(
    "INVALID_QUERY",
    `malformed '${name}' parameter, expecting a JSON object whose values are strings`,
    { field: name, hint: 'say {"http.method":"GET"}' },
  );
}

const latest = 2n ** 64n - 1n;

function bounded(nanos: bigint): bigint {
  return nanos < 0n ? 0n : nanos > latest ? latest : nanos;
}

export function invalid(name: string, problem: string): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", `parameter '${name}' ${problem}`, { field: name });
}

function unreadable(name: string, text: string, wanted: string): SpanStoreError {
  return new SpanStoreError(
    "INVALID_QUERY",
    `unable to parse param '${name}': ${JSON.stringify(shortened(text))} is not ${wanted}`,
    { field: name },
  );
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
