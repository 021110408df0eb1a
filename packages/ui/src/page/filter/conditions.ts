import { and, type FilterCall, formatTraceQl, parseTraceQl } from "@spanstore/core";

/** The left side of a condition: an attribute, or a field of the span. */
export type Reference =
  | { readonly attr: { readonly key: string; readonly level?: string } }
  | { readonly field: { readonly name: string; readonly level: string } };

/** An AnyValue of OTLP's JSON form. */
export type AnyJson = Readonly<Record<string, unknown>>;

const types: Readonly<Record<string, string>> = {
  stringValue: "string",
  intValue: "int",
  doubleValue: "double",
  boolValue: "bool",
};

/** The condition that a reference has a value; undefined for a value that a filter cannot express. */
export function conditionOf(reference: Reference, value: AnyJson | string): FilterCall | undefined {
  if (typeof value === "string") return equals(reference, { value });
  const [kind = "", held] = Object.entries(value)[0] ?? [];
  const type = types[kind];
  if (type === undefined) return undefined;
  const isService =
    "attr" in reference && reference.attr.level === "resource" && reference.attr.key === "service.name";
  if (isService && type === "string") {
    return equals({ field: { level: "resource", name: "service" } }, { value: String(held) });
  }
  return equals(reference, { value: String(held), type });
}

function equals(
  reference: Reference,
  scalar: { readonly value: string; readonly type?: string },
): FilterCall {
  return { op: "eq", args: [reference, { scalar }] };
}

/** Adds a condition to the text of a filter. An invalid or empty filter is replaced by the condition. */
export function addCondition(text: string, condition: FilterCall): string {
  const before = parsed(text);
  const isEmpty = before === undefined || formatTraceQl(before) === "{}";
  if (isEmpty) return formatTraceQl(condition);
  const parts =
    before.op === "and" ? before.args.flatMap((arg) => ("call" in arg ? [arg.call] : [])) : [before];
  const known = parts.some((part) => formatTraceQl(part) === formatTraceQl(condition));
  return known ? text : formatTraceQl(and(...parts, condition));
}

function parsed(text: string): FilterCall | undefined {
  try {
    return text.trim() === "" ? undefined : parseTraceQl(text);
  } catch {
    return undefined;
  }
}
