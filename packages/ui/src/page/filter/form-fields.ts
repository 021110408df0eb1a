import { and, type FilterCall, formatTraceQl, parseTraceQl } from "@spanstore/core";
import { conditionOf, type Reference } from "./conditions.js";
import { emptyFields, type FormFields } from "./fields.js";
import { formatTags, parseTags, type Tag } from "./tags.js";

const service: Reference = { field: { level: "resource", name: "service" } };
const name: Reference = { field: { level: "span", name: "name" } };
const duration: Reference = { field: { level: "span", name: "duration" } };
const status: Reference = { field: { level: "span", name: "status" } };

/** The filter of a form; the empty text for an empty form. @throws INVALID_QUERY for an invalid duration. */
export function filterOfFields(fields: FormFields): string {
  const parts: (FilterCall | undefined)[] = [
    fields.service === "" ? undefined : conditionOf(service, fields.service),
    fields.operation === "" ? undefined : conditionOf(name, fields.operation),
    ...parseTags(fields.tags).map(({ key, value }) => conditionOf({ attr: { key } }, value)),
    bound("gte", fields.minDuration),
    bound("lte", fields.maxDuration),
    fields.onlyErrors ? conditionOf(status, "error") : undefined,
  ];
  const set = parts.filter((part) => part !== undefined);
  if (set.length === 0) return "";
  const text = formatTraceQl(and(...set));
  // Parsing finds an invalid duration.
  parseTraceQl(text);
  return text;
}

function bound(op: "gte" | "lte", text: string): FilterCall | undefined {
  const value = text.replace(/\s+/g, "");
  return value === "" ? undefined : { op, args: [duration, { scalar: { value } }] };
}

/** The form of a filter; undefined for a filter that the form cannot express. */
export function fieldsOfFilter(text: string): FormFields | undefined {
  if (text === "") return emptyFields;
  let filter: FilterCall;
  try {
    filter = parseTraceQl(text);
  } catch {
    return undefined;
  }
  if (formatTraceQl(filter) === "{}") return emptyFields;
  const parts = filter.op === "and" ? filter.args : [{ call: filter }];
  const tags: Tag[] = [];
  let fields = emptyFields;
  for (const part of parts) {
    if (!("call" in part)) return undefined;
    const found = fieldOf(part.call);
    if (found === undefined) return undefined;
    if ("key" in found) tags.push(found);
    else if (Object.entries(found).some(([field]) => fields[field as keyof FormFields])) return undefined;
    else fields = { ...fields, ...found };
  }
  return { ...fields, tags: formatTags(tags) };
}

function fieldOf({ op, args }: FilterCall): Partial<FormFields> | Tag | undefined {
  const [left, right] = args;
  if (left === undefined || right === undefined || !("scalar" in right)) return undefined;
  const { value, type } = right.scalar;
  if ("attr" in left) {
    const isPlain = op === "eq" && (left.attr.level ?? "") === "";
    return isPlain ? { key: left.attr.key, value: { [`${type ?? "string"}Value`]: value } } : undefined;
  }
  if (!("field" in left)) return undefined;
  const field = `${left.field.level} ${left.field.name} ${op}`;
  switch (field) {
    case "resource service eq":
      return { service: value };
    case "span name eq":
      return { operation: value };
    case "span duration gte":
      return { minDuration: value };
    case "span duration lte":
      return { maxDuration: value };
    case "span status eq":
      return value === "error" ? { onlyErrors: true } : undefined;
    default:
      return undefined;
  }
}
