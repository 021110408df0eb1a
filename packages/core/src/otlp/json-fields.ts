import { fault, faultWithin } from "./fault.js";

/** An object of OTLP/JSON whose fields are not looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/*
 * Each reader takes one field out of an object. Absent and null give the field's zero value; what is
 * not of the field's type throws INVALID_TRACES with the field's name.
 */

/** @param name how to name the value in the error; empty when the level above names it. */
export function jsonObject(name: string, value: unknown): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw fault(name, `${described(value)} instead of an object`);
  }
  return value as JsonObject;
}

export function jsonList<T>(json: JsonObject, name: string, read: (item: JsonObject) => T): T[] {
  const list = json[name] ?? [];
  if (!Array.isArray(list)) throw fault(name, `${described(list)} instead of a list`);
  return list.map((item: unknown, i) => {
    try {
      return read(jsonObject("", item));
    } catch (error) {
      throw faultWithin(`${name}[${i}]`, error);
    }
  });
}

export function jsonText(json: JsonObject, name: string): string {
  const value = json[name] ?? "";
  if (typeof value !== "string") throw fault(name, `${described(value)} instead of a string`);
  return value;
}

export function jsonBoolean(json: JsonObject, name: string): boolean {
  const value = json[name] ?? false;
  if (typeof value !== "boolean") throw fault(name, `${described(value)} instead of a boolean`);
  return value;
}

const hexDigits = /^[0-9a-fA-F]*$/;

/** An id in hex, or empty; upper case becomes lower. */
export function jsonHexId(json: JsonObject, name: string, digits: number): string {
  const value = jsonText(json, name);
  if (value !== "" && (value.length !== digits || !hexDigits.test(value))) {
    throw fault(name, `"${value}" is not ${digits} hex digits`, "OTLP/JSON writes ids in hex, not in base64");
  }
  return value.toLowerCase();
}

export function jsonUint32(json: JsonObject, name: string): number {
  const value = integer(json, name);
  if (value < 0n || value > 0xffff_ffffn) throw fault(name, `${value} is no unsigned 32-bit integer`);
  return Number(value);
}

/** An enum's number, or one of its names. */
export function jsonEnum(json: JsonObject, name: string, names: readonly string[]): number {
  const value = json[name] ?? 0;
  if (typeof value === "string") {
    const number = names.indexOf(value);
    if (number < 0) throw fault(name, `"${value}" is none of ${names.join(", ")}`);
    return number;
  }
  if (typeof value !== "number" || (value | 0) !== value) {
    throw fault(name, `${described(value)} is no 32-bit integer`);
  }
  return value;
}

export function jsonUint64(json: JsonObject, name: string): bigint {
  const value = integer(json, name);
  if (BigInt.asUintN(64, value) !== value) throw fault(name, `${value} is no unsigned 64-bit integer`);
  return value;
}

export function jsonInt64(json: JsonObject, name: string): bigint {
  const value = integer(json, name);
  if (BigInt.asIntN(64, value) !== value) throw fault(name, `${value} is no signed 64-bit integer`);
  return value;
}

/** No 64-bit integer has more digits; longer ones would cost time to read. */
const decimal = /^-?[0-9]{1,20}$/;

function integer(json: JsonObject, name: string): bigint {
  const value = json[name] ?? 0;
  if (typeof value === "string" && decimal.test(value)) return BigInt(value);
  if (typeof value === "number" && Number.isInteger(value)) {
    if (Number.isSafeInteger(value)) return BigInt(value);
    throw fault(name, `${value} is a number that JSON.parse may have rounded`, "write it as a string");
  }
  throw fault(name, `${described(value)} is no integer`);
}

const doubleText = /^-?(Infinity|[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)$|^NaN$/;

export function jsonDouble(json: JsonObject, name: string): number {
  const value = json[name] ?? 0;
  if (typeof value === "number") return value;
  if (typeof value === "string" && doubleText.test(value)) return Number(value);
  throw fault(name, `${described(value)} is no double`);
}

const base64Text = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Bytes in base64 of either alphabet, padded or not. */
export function jsonBase64(json: JsonObject, name: string): Uint8Array {
  const text = jsonText(json, name);
  if (!base64Text.test(text) || text.replace(/=+$/, "").length % 4 === 1) {
    throw fault(name, "a string that is no base64");
  }
  return new Uint8Array(Buffer.from(text, "base64"));
}

const longestShown = 40;

function described(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") {
    return value.length > longestShown ? `"${value.slice(0, longestShown)}..."` : `"${value}"`;
  }
  return typeof value === "object" || typeof value === "function" ? `a ${typeof value}` : String(value);
}
