import type { SpanStoreError } from "../../errors/errors.js";
import { fault, faultWithin } from "../fault.js";

/** An object of OTLP/JSON with unchecked fields. */
export type JsonObject = Readonly<Record<string, unknown>>;

/*
 * Each reader reads one field of an object. Absent and null read as the field's zero value; a value of another type throws
 * INVALID_TRACES with the field's name.
 */

/** @param name the name of the value in the error; empty when the level above adds it. */
export function jsonObject(name: string, value: unknown): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw fault(name, `${described(value)} instead of an object`);
  }
  return value as JsonObject;
}

const protobufNames = new Map<string, string>();

/** `start_time_unix_nano` for `startTimeUnixNano`. */
function protobufName(name: string): string {
  let other = protobufNames.get(name);
  if (other === undefined) {
    other = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    protobufNames.set(name, other);
  }
  return other;
}

/** `startTimeUnixNano` for `start_time_unix_nano`. */
export function jsonName(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The value of a field by its JSON or protobuf name; null counts as absent. */
export function jsonValue(json: JsonObject, name: string): unknown {
  return json[name] ?? json[protobufName(name)] ?? undefined;
}

/** The name, JSON or protobuf, that an object has for a field. */
export function spelledName(json: JsonObject, name: string): string {
  const other = protobufName(name);
  return json[name] === undefined && json[other] !== undefined ? other : name;
}

/** The unchecked items of a list. */
export function jsonItems(json: JsonObject, name: string): readonly unknown[] {
  const list = jsonValue(json, name) ?? [];
  if (!Array.isArray(list)) throw wrong(json, name, `${described(list)} instead of a list`);
  return list;
}

export function jsonList<T>(json: JsonObject, name: string, read: (item: JsonObject) => T): T[] {
  return jsonItems(json, name).map((item: unknown, i) => {
    try {
      return read(jsonObject("", item));
    } catch (error) {
      throw faultWithin(`${spelledName(json, name)}[${i}]`, error);
    }
  });
}

export function jsonText(json: JsonObject, name: string): string {
  const value = jsonValue(json, name) ?? "";
  if (typeof value !== "string") throw wrong(json, name, `${described(value)} instead of a string`);
  return value;
}

export function jsonBoolean(json: JsonObject, name: string): boolean {
  const value = jsonValue(json, name) ?? false;
  if (typeof value !== "boolean") throw wrong(json, name, `${described(value)} instead of a boolean`);
  return value;
}

const hexDigits = /^[0-9a-fA-F]*$/;

/**
 * An id in lower-case hex, or empty. Also accepts ids in base64, as in protobuf's own JSON, and 64-bit trace ids, since
 * neither is ambiguous.
 */
export function jsonId(json: JsonObject, name: string, bytes: 8 | 16): string {
  const value = jsonText(json, name);
  const digits = bytes * 2;
  if (value === "") return value;
  if (hexDigits.test(value) && (value.length === digits || (bytes === 16 && value.length === 16))) {
    return value.toLowerCase().padStart(digits, "0");
  }
  const id = idOfBase64(value, bytes);
  if (id !== undefined) return id;
  throw wrong(
    json,
    name,
    `${described(value)} is not ${digits} hex digits`,
    `an id of ${bytes} bytes in base64 is taken, too`,
  );
}

function idOfBase64(text: string, bytes: number): string | undefined {
  const id = Buffer.from(text, "base64");
  const padded = id.toString("base64");
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  const isWhole = standard === padded || (standard === padded.replace(/=+$/, "") && !hexDigits.test(text));
  return id.length === bytes && isWhole ? id.toString("hex") : undefined;
}

export function jsonUint32(json: JsonObject, name: string): number {
  const value = integer(json, name);
  if (value < 0n || value > 0xffff_ffffn) throw wrong(json, name, `${value} is no unsigned 32-bit integer`);
  return Number(value);
}

/** The names of an enum by number, without their common prefix. */
export interface EnumNames {
  readonly prefix: string;
  readonly names: readonly string[];
}

/** An enum by number or name. Names may lack the prefix and have any case. */
export function jsonEnum(json: JsonObject, name: string, { prefix, names }: EnumNames): number {
  const value = jsonValue(json, name) ?? 0;
  if (typeof value === "string" && !decimal.test(value)) {
    const number = names.indexOf(value.toUpperCase().replace(prefix, ""));
    if (number >= 0) return number;
    throw wrong(json, name, `"${value}" is none of ${names.map((word) => prefix + word).join(", ")}`);
  }
  const number = Number(value);
  if ((typeof value !== "number" && typeof value !== "string") || (number | 0) !== number) {
    throw wrong(json, name, `${described(value)} is no 32-bit integer`);
  }
  return number;
}

export function jsonUint64(json: JsonObject, name: string): bigint {
  const value = integer(json, name);
  if (BigInt.asUintN(64, value) !== value) {
    throw wrong(json, name, `${value} is no unsigned 64-bit integer`);
  }
  return value;
}

export function jsonInt64(json: JsonObject, name: string): bigint {
  const value = integer(json, name);
  if (BigInt.asIntN(64, value) !== value) throw wrong(json, name, `${value} is no signed 64-bit integer`);
  return value;
}

/** 64-bit integers have no more digits; parsing longer ones would take time. */
const decimal = /^-?[0-9]{1,20}$/;

function integer(json: JsonObject, name: string): bigint {
  const value = jsonValue(json, name) ?? 0;
  if (typeof value === "bigint") return value;
  if (typeof value === "string" && decimal.test(value)) return BigInt(value);
  if (typeof value === "number" && Number.isInteger(value)) {
    if (Number.isSafeInteger(value)) return BigInt(value);
    throw wrong(json, name, `${value} is a number that JSON.parse may have rounded`, "write it as a string");
  }
  throw wrong(json, name, `${described(value)} is no 64-bit integer`);
}

const doubleText = /^-?(Infinity|[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)$|^NaN$/;

export function jsonDouble(json: JsonObject, name: string): number {
  const value = jsonValue(json, name) ?? 0;
  const isText = typeof value === "string" && doubleText.test(value);
  const number = isText || typeof value === "bigint" ? Number(value) : value;
  if (typeof number !== "number") throw wrong(json, name, `${described(value)} is no double`);
  if (Number.isFinite(number) || (typeof value === "string" && /[IN]/.test(value))) return number;
  throw wrong(json, name, `${described(value)} is beyond the largest double`);
}

const base64Text = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Bytes in base64 of either alphabet, with or without padding. */
export function jsonBase64(json: JsonObject, name: string): Uint8Array {
  const text = jsonText(json, name);
  if (!base64Text.test(text) || text.replace(/=+$/, "").length % 4 === 1) {
    throw wrong(json, name, `${described(text)} is no base64`);
  }
  return new Uint8Array(Buffer.from(text, "base64"));
}

function wrong(json: JsonObject, name: string, problem: string, hint?: string): SpanStoreError {
  return fault(spelledName(json, name), problem, hint);
}

const longestShown = 40;

function described(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") {
    return value.length > longestShown ? `"${value.slice(0, longestShown)}..."` : `"${value}"`;
  }
  return typeof value === "object" ? "an object" : String(value);
}
