import { isSpanStoreError } from "../../../errors/errors.js";
import { readMessage, readString } from "../../../otlp/decode-parts.js";
import { Cursor, wireBytes } from "../../../otlp/wire.js";
import { WireWriter } from "../../../otlp/wire-writer.js";
import type { FilterCall, FilterExpression } from "../language/ast.js";
import { checkDepth, invalidFilter } from "../language/filter-error.js";

/**
 * Decodes a filter from a jaeger.expression.v1.Call in protobuf. Checks the shape alone; `resolveFilter` checks the meaning.
 * @param path the name of the filter in errors.
 * @throws INVALID_QUERY when the bytes are no Call, an argument has no term, or calls nest too deep.
 */
export function decodeFilter(bytes: Uint8Array, path = "filter"): FilterCall {
  try {
    return decodeCall(new Cursor(bytes), path, 1);
  } catch (error) {
    if (isSpanStoreError(error) && error.code === "INVALID_TRACES") throw invalidFilter(path, error.message);
    throw error;
  }
}

function decodeCall(cursor: Cursor, path: string, depth: number): FilterCall {
  checkDepth(depth, path);
  let op = "";
  const args: FilterExpression[] = [];
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag >>> 3 === 1) {
      op = readString(cursor, tag, "Call.op");
    } else if (tag >>> 3 === 2) {
      const at = `${path}.args[${args.length}]`;
      args.push(readMessage(cursor, tag, "Call.args", (arg) => decodeExpression(arg, at, depth)));
    } else {
      cursor.skip(tag);
    }
  }
  return { op, args };
}

/** The last member of a oneof counts. */
function decodeExpression(cursor: Cursor, path: string, depth: number): FilterExpression {
  let term: FilterExpression | undefined;
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    const field = tag >>> 3;
    if (field >= 1 && field <= 6) {
      term = readMessage(cursor, tag, "Expression", (message) => decodeTerm(field, message, path, depth));
    } else {
      cursor.skip(tag);
    }
  }
  if (term === undefined) {
    throw invalidFilter(path, "an argument is one of attr, field, nested, scalar, list or call");
  }
  return term;
}

function decodeTerm(field: number, message: Cursor, path: string, depth: number): FilterExpression {
  if (field === 6) return { call: decodeCall(message, path, depth + 1) };
  const [first, second] = decodeTexts(message);
  const last = first.at(-1) ?? "";
  switch (field) {
    case 1:
      return { attr: second === "" ? { key: last } : { key: last, level: second } };
    case 2:
      return { field: { name: last, level: second } };
    case 3:
      return { nested: { level: last } };
    case 4:
      return { scalar: second === "" ? { value: last } : { value: last, type: second } };
    default:
      return { list: second === "" ? { values: first } : { values: first, type: second } };
  }
}

/** Every term but a call holds texts in the fields 1 and 2; only a list repeats field 1. */
function decodeTexts(cursor: Cursor): [first: string[], second: string] {
  const first: string[] = [];
  let second = "";
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag >>> 3 === 1) first.push(readString(cursor, tag, "Expression"));
    else if (tag >>> 3 === 2) second = readString(cursor, tag, "Expression");
    else cursor.skip(tag);
  }
  return [first, second];
}

/**
 * Encodes a filter as a jaeger.expression.v1.Call.
 * @throws INVALID_QUERY when calls nest too deep.
 */
export function encodeFilter(filter: FilterCall): Uint8Array {
  const writer = new WireWriter();
  writeCall(writer, filter, "filter", 1);
  return writer.take();
}

function writeCall(writer: WireWriter, call: FilterCall, path: string, depth: number): void {
  checkDepth(depth, path);
  for (let i = call.args.length - 1; i >= 0; i--) {
    const end = writer.mark();
    writeExpression(writer, call.args[i] as FilterExpression, `${path}.args[${i}]`, depth);
    writer.message(tagOf(2), end);
  }
  writeText(writer, 1, call.op);
}

function writeExpression(writer: WireWriter, term: FilterExpression, path: string, depth: number): void {
  const end = writer.mark();
  if ("call" in term) {
    writeCall(writer, term.call, path, depth + 1);
    writer.message(tagOf(6), end);
  } else if ("attr" in term) {
    writeText(writer, 2, term.attr.level);
    writeText(writer, 1, term.attr.key);
    writer.message(tagOf(1), end);
  } else if ("field" in term) {
    writeText(writer, 2, term.field.level);
    writeText(writer, 1, term.field.name);
    writer.message(tagOf(2), end);
  } else if ("nested" in term) {
    writeText(writer, 1, term.nested.level);
    writer.message(tagOf(3), end);
  } else if ("scalar" in term) {
    writeText(writer, 2, term.scalar.type);
    writeText(writer, 1, term.scalar.value);
    writer.message(tagOf(4), end);
  } else {
    writeText(writer, 2, term.list.type);
    for (const value of term.list.values.toReversed()) writer.text(tagOf(1), value);
    writer.message(tagOf(5), end);
  }
}

/** The tag of a text or message. */
function tagOf(field: number): number {
  return (field << 3) | wireBytes;
}

/** Proto3 omits empty texts. */
function writeText(writer: WireWriter, field: number, text: string | undefined): void {
  if (text) writer.text(tagOf(field), text);
}
