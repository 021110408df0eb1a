import { z } from "zod";
import { parseAddress } from "../rpc/listen.js";

const byteUnits = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
const timeUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** HOST:PORT. */
export const address = z
  .string()
  .refine((text) => parseAddress(text) !== undefined, "must be HOST:PORT, for example 127.0.0.1:17271");

/** A number of bytes; as text with a unit: `64MiB`. */
export const byteSize = quantity(byteUnits, "B", "must be a number of bytes, for example 64MiB");

/** Milliseconds; as text with a unit: `10s`. A bare number is milliseconds. */
export const timeSpan = quantity(timeUnits, "ms", "must be a length of time, for example 10s or 500ms");

/** true or false, as YAML's boolean or as the word. */
export const flag = z.union(
  [z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")],
  "must be true or false",
);

/** A whole number from 1 on. */
export function count(max: number) {
  const message = `must be a whole number from 1 to ${max}`;
  return z
    .union([z.number(), z.string().regex(/^\d+$/, message).transform(Number)])
    .pipe(z.number().int(message).min(1, message).max(max, message));
}

/** Words with commas between them, or YAML's list. */
export const words = z
  .union([z.string().transform((text) => text.split(",")), z.array(z.string())], "must be a list of words")
  .transform((list) => list.map((word) => word.trim()).filter((word) => word !== ""));

/** What a tenant has in place of what all have. */
export interface OfTenant {
  /** The tenant's name, or a pattern in which `*` stands for any characters. */
  readonly pattern: string;
  readonly value: number;
}

/** `NAME=VALUE` with commas between, or YAML's list of such; the first that fits a tenant counts. */
export function perTenant(value: z.ZodType<number>, example: string) {
  const message = `must be NAME=VALUE with commas between, for example ${example}`;
  return optionalWords.transform((list, context) =>
    list.flatMap((word): OfTenant[] => {
      const at = word.lastIndexOf("=");
      const parsed = value.safeParse(word.slice(at + 1));
      if (at > 0 && parsed.success) return [{ pattern: word.slice(0, at), value: parsed.data }];
      context.addIssue({ code: "custom", message });
      return [];
    }),
  );
}

/** The same as a user would write it. */
export function formatPerTenant({ pattern, value }: OfTenant, format: (value: number) => string): string {
  return `${pattern}=${format(value)}`;
}

/** The same, or the word none for no word at all. */
export const optionalWords = words.transform((list) => (list.length === 1 && list[0] === "none" ? [] : list));

/** A number of bytes as its reader takes it, in the largest unit that fits. */
export function formatBytes(bytes: number): string {
  return formatIn(byteUnits, bytes);
}

/** Milliseconds as their reader takes them, in the largest unit that fits. */
export function formatTimeSpan(milliseconds: number): string {
  return formatIn(timeUnits, milliseconds);
}

function quantity(units: Readonly<Record<string, number>>, bareUnit: string, message: string) {
  return z.union([z.string(), z.number()]).transform((given, context) => {
    const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(String(given).trim()) ?? [];
    const factor = units[unit === "" ? bareUnit : unit];
    const value = Number(digits) * (factor ?? Number.NaN);
    if (Number.isSafeInteger(value)) return value;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

function formatIn(units: Readonly<Record<string, number>>, value: number): string {
  let best = String(value);
  for (const [unit, factor] of Object.entries(units)) {
    if (value >= factor && value % factor === 0) best = `${value / factor}${unit}`;
  }
  return best;
}
