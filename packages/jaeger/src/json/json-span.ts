/** A tag, or a field of a log. `type` names the type of `value`; integers beyond 2^53 are strings. */
export interface JsonTag {
  readonly key: string;
  readonly type: "string" | "bool" | "int64" | "float64" | "binary";
  readonly value: string | boolean | number;
}

export interface JsonReference {
  readonly refType: "CHILD_OF" | "FOLLOWS_FROM";
  readonly traceID: string;
  readonly spanID: string;
}

/** Microseconds; a bigint beyond JavaScript's exact numbers, so that `jsonText` writes all digits. */
export type Micros = number | bigint;

export interface JsonLog {
  /** Since the epoch. */
  readonly timestamp: Micros;
  readonly fields: readonly JsonTag[];
}

/** A span of Jaeger's `/api/traces`. */
export interface JsonSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly flags?: number;
  readonly operationName: string;
  readonly references: readonly JsonReference[];
  /** Since the epoch. */
  readonly startTime: Micros;
  readonly duration: Micros;
  readonly tags: readonly JsonTag[];
  readonly logs: readonly JsonLog[];
  readonly processID: string;
  readonly warnings: readonly string[] | null;
}

export interface JsonProcess {
  readonly serviceName: string;
  readonly tags: readonly JsonTag[];
}

/** JSON.stringify that writes bigints as exact numbers. */
export function jsonText(span: JsonSpan): string {
  const isExact = [span.startTime, span.duration, ...span.logs.map(({ timestamp }) => timestamp)].every(
    (micros) => typeof micros === "number",
  );
  return isExact ? JSON.stringify(span) : textWithBigints(span);
}

function textWithBigints(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(textWithBigints).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([name, field]) => `${JSON.stringify(name)}:${textWithBigints(field)}`,
  );
  return `{${fields.join(",")}}`;
}
