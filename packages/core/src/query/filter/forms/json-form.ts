import type { FilterCall, FilterExpression } from "../language/ast.js";
import { checkDepth, invalidFilter } from "../language/filter-error.js";

/**
 * Reads a filter from its parsed JSON form, such as
 * `{"op":"eq","args":[{"attr":{"key":"a"}},{"scalar":{"value":"b"}}]}`. Checks the shape alone; `resolveFilter` checks the
 * meaning.
 * @param path the name of the filter in errors.
 * @throws INVALID_QUERY naming the malformed part.
 */
export function filterFromJson(json: unknown, path = "filter"): FilterCall {
  return readCall(json, path, 1);
}

/** The JSON form of a filter for JSON.stringify, without empty parts. */
export function filterToJson(filter: FilterCall): FilterCall {
  return filterFromJson(filter);
}

type Fields = Readonly<Record<string, unknown>>;

function readCall(json: unknown, path: string, depth: number): FilterCall {
  checkDepth(depth, path);
  const call = readObject(json, path, ["op", "args"]);
  const args = readArray(call, "args", path);
  return {
    op: readText(call, "op", path),
    args: args.map((arg, i) => readExpression(arg, `${path}.args[${i}]`, depth)),
  };
}

const terms = ["attr", "field", "nested", "scalar", "list", "call"] as const;

function readExpression(json: unknown, path: string, depth: number): FilterExpression {
  const expression = readObject(json, path, terms);
  const [term, second] = terms.filter((name) => isSet(expression[name]));
  if (term === undefined || second !== undefined) {
    throw invalidFilter(path, "an argument is exactly one of attr, field, nested, scalar, list or call");
  }
  const value = expression[term];
  switch (term) {
    case "attr": {
      const attr = readObject(value, path, ["key", "level"]);
      const key = readText(attr, "key", path);
      const level = readText(attr, "level", path);
      return { attr: level === "" ? { key } : { key, level } };
    }
    case "field": {
      const field = readObject(value, path, ["name", "level"]);
      return { field: { name: readText(field, "name", path), level: readText(field, "level", path) } };
    }
    case "nested":
      return { nested: { level: readText(readObject(value, path, ["level"]), "level", path) } };
    case "scalar": {
      const scalar = readObject(value, path, ["value", "type"]);
      const text = readText(scalar, "value", path);
      const type = readText(scalar, "type", path);
      return { scalar: type === "" ? { value: text } : { value: text, type } };
    }
    case "list": {
      const list = readObject(value, path, ["values", "type"]);
      const values = readArray(list, "values", path).map((each) => asText(each, "values", path));
      const type = readText(list, "type", path);
      return { list: type === "" ? { values } : { values, type } };
    }
    case "call":
      return { call: readCall(value, path, depth + 1) };
  }
}

function readObject(json: unknown, path: string, known: readonly string[]): Fields {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw invalidFilter(path, "must be an object");
  }
  const unknown = Object.keys(json).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw invalidFilter(path, `has an unknown part "${unknown}"`, `its parts are ${known.join(", ")}`);
  }
  return json as Fields;
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function readText(fields: Fields, name: string, path: string): string {
  const value = fields[name];
  return isSet(value) ? asText(value, name, path) : "";
}

function asText(value: unknown, name: string, path: string): string {
  if (typeof value === "string") return value;
  throw invalidFilter(path, `"${name}" must be text`, 'write a number as text and say its "type"');
}

function readArray(fields: Fields, name: string, path: string): readonly unknown[] {
  const value = fields[name];
  if (!isSet(value)) return [];
  if (Array.isArray(value)) return value;
  throw invalidFilter(path, `"${name}" must be an array`);
}
