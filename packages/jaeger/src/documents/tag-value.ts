import { isAbsent } from "../json/fields.js";

/** A tag's value in the types of Jaeger's model. */
export type TagValue =
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "int64"; readonly value: bigint }
  | { readonly type: "float64"; readonly value: number }
  | { readonly type: "binary"; readonly value: Uint8Array };

const longestInt = 2n ** 63n;
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinity = /^([+-]?)inf(?:inity)?$/i;

/** The values of null by type, as in Jaeger's JSON. */
const zeros: Readonly<Record<string, TagValue>> = {
  bool: { type: "bool", value: false },
  int64: { type: "int64", value: 0n },
  float64: { type: "float64", value: 0 },
  binary: { type: "binary", value: new Uint8Array(0) },
};
const noText: TagValue = { type: "string", value: "" };

/**
 * The value of a tag in a list. Jaeger writes numbers and booleans as such; older versions wrote strings. A value that does not
 * fit its type is kept as text.
 */
export function listedValue(type: unknown, value: unknown): TagValue {
  if (isAbsent(value)) return (typeof type === "string" ? zeros[type] : undefined) ?? noText;
  const text = typeof value === "string" ? value : undefined;
  switch (type) {
    case "bool":
      return bool(text === undefined ? value : boolOfText(text)) ?? asText(value);
    case "int64":
      return int(text !== undefined && /^[+-]?\d+$/.test(text) ? BigInt(text) : value) ?? asText(value);
    case "float64":
      return float(text === undefined ? value : floatOfText(text)) ?? asText(value);
    case "binary":
      return (text === undefined ? undefined : binary(text)) ?? asText(value);
    default:
      return asText(value);
  }
}

/** The value of a tag that is a field. JSON gives its type, so a double without a fraction becomes an integer. */
export function fieldValue(value: unknown): TagValue {
  if (isAbsent(value)) return noText;
  return bool(value) ?? int(value) ?? float(value) ?? asText(value);
}

function bool(value: unknown): TagValue | undefined {
  return typeof value === "boolean" ? { type: "bool", value } : undefined;
}

function int(value: unknown): TagValue | undefined {
  const isWhole = typeof value === "bigint" || Number.isInteger(value);
  if (!isWhole) return undefined;
  const whole = BigInt(value as number | bigint);
  return whole >= -longestInt && whole < longestInt ? { type: "int64", value: whole } : undefined;
}

function float(value: unknown): TagValue | undefined {
  if (typeof value !== "number" && typeof value !== "bigint") return undefined;
  return { type: "float64", value: Number(value) };
}

function binary(text: string): TagValue | undefined {
  const isHex = text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text);
  return isHex ? { type: "binary", value: Buffer.from(text, "hex") } : undefined;
}

function asText(value: unknown): TagValue {
  return { type: "string", value: typeof value === "string" ? value : jsonOf(value) };
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? `${part}` : part));
}

/** Reads the words of Go's ParseBool. */
function boolOfText(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? false : undefined;
}

function floatOfText(text: string): number | undefined {
  if (decimal.test(text)) return Number(text);
  const [, sign] = infinity.exec(text) ?? [];
  if (sign !== undefined) return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^nan$/i.test(text) ? Number.NaN : undefined;
}
