import { SpanKind, StatusCode } from "../../../model/trace.js";
import type { Level } from "./predicate.js";

/** The type of a built-in field. A constant next to the field is read as this type. */
export type FieldType = "string" | "duration" | "instant" | "kind" | "status";

export interface Field {
  readonly level: Level;
  readonly name: string;
  readonly type: FieldType;
  /** Whether the empty string, OTLP's zero value, counts as absent. */
  readonly optional: boolean;
}

/** The built-in fields: a closed set. */
export const fields: readonly Field[] = [
  field("span", "traceID", "string"),
  field("span", "spanID", "string"),
  field("span", "parentSpanID", "string", true),
  field("span", "traceState", "string", true),
  field("span", "name", "string"),
  field("span", "kind", "kind"),
  field("span", "startTime", "instant"),
  field("span", "endTime", "instant"),
  field("span", "status", "status"),
  field("span", "statusMessage", "string", true),
  field("span", "duration", "duration"),
  field("resource", "service", "string", true),
  field("resource", "schemaURL", "string", true),
  field("scope", "name", "string", true),
  field("scope", "version", "string", true),
  field("scope", "schemaURL", "string", true),
  field("event", "name", "string"),
  field("event", "time", "instant"),
  field("event", "timeSinceStart", "duration"),
  field("link", "traceID", "string"),
  field("link", "spanID", "string"),
  field("link", "traceState", "string"),
];

function field(level: Level, name: string, type: FieldType, optional = false): Field {
  return { level, name, type, optional };
}

const byName = new Map(fields.map((each) => [fieldName(each), each]));

/** The built-in field with this level and name; undefined without one. */
export function lookupField(level: string, name: string): Field | undefined {
  return byName.get(`${level}.${name}`);
}

/** The name of a field in errors. */
export function fieldName(field: Pick<Field, "level" | "name">): string {
  return `${field.level}.${field.name}`;
}

/** A filter's words for span kinds. Unlike Jaeger's protocols, filters have a word for the unspecified kind. */
const kindNumbers: ReadonlyMap<string, number> = new Map(Object.entries(SpanKind));
const statusNumbers: ReadonlyMap<string, number> = new Map(Object.entries(StatusCode));

/** The words of `kind` or `status`, with OTLP's numbers. */
export function wordsOf(type: "kind" | "status"): ReadonlyMap<string, number> {
  return type === "kind" ? kindNumbers : statusNumbers;
}

/** The word for one of OTLP's numbers; "" for a number that OTLP does not define. */
export function wordOf(type: "kind" | "status", value: number): string {
  for (const [word, number] of wordsOf(type)) if (number === value) return word;
  return "";
}
