import { formatTimeSpan, parseSize, parseTimeSpan } from "@spanstore/core/text";
import { parseAddress } from "@spanstore/rpc";
import { z } from "zod";

const nanosPerMilli = 1_000_000n;

/** HOST:PORT. */
export const address = z
  .string()
  .refine((text) => parseAddress(text) !== undefined, "must be HOST:PORT, for example 127.0.0.1:17271");

/** A number of bytes: `64MiB`, `1.5GiB`, `10kB`, or a bare number. */
export const byteSize = z.union([z.string(), z.number()]).transform((given, context) => {
  const bytes = parseSize(String(given).trim());
  if (bytes !== undefined) return bytes;
  return refused(context, "must be a number of bytes, for example 64MiB or 10kB");
});

/** A length of time in milliseconds: `10s`, `1h30m`, `7d`. A bare number counts milliseconds, as in older files. */
export const timeSpan = z.union([z.string(), z.number()]).transform((given, context) => {
  const text = String(given).trim();
  const nanos = parseTimeSpan(/^\d+$/.test(text) ? `${text}ms` : text);
  if (nanos === undefined || nanos < 0n) {
    return refused(context, "must be a length of time, for example 10s, 1h30m or 7d");
  }
  if (nanos % nanosPerMilli === 0n) return Number(nanos / nanosPerMilli);
  return refused(context, "must be a length of time in whole milliseconds, for example 10s or 500ms");
});

function refused(context: z.core.$RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

/** true or false, as a boolean of YAML or as a word. */
export const flag = z.union(
  [z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")],
  "must be true or false",
);

/** A whole number from 1 on. */
export function count(max: number) {
  const message = `must be a whole number from 1 to ${max}`;
  return z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], message)
    .pipe(z.number().int(message).min(1, message).max(max, message));
}

/** Words with commas between them, or a list of YAML. */
export const words = z
  .union([z.string().transform((text) => text.split(",")), z.array(z.string())], "must be a list of words")
  .transform((list) => list.map((word) => word.trim()).filter((word) => word !== ""));

/** A tenant's own value of an option. */
export interface OfTenant {
  /** The tenant's name, or a pattern in which `*` stands for any characters. */
  readonly pattern: string;
  readonly value: number;
}

/** `NAME=VALUE` with commas between, or a list of YAML. The first that matches a tenant counts. */
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

/** The form that `perTenant` parses. */
export function formatPerTenant({ pattern, value }: OfTenant, format: (value: number) => string): string {
  return `${pattern}=${format(value)}`;
}

/** Turns the single word none into an empty list. */
export function orNone(list: readonly string[]): readonly string[] {
  return list.length === 1 && list[0] === "none" ? [] : list;
}

/** Words, or the single word none for an empty list. */
export const optionalWords = words.transform(orNone);

/** Formats milliseconds for `timeSpan`. */
export function formatMillis(milliseconds: number): string {
  return formatTimeSpan(BigInt(milliseconds) * nanosPerMilli);
}

/** The longest time of Node's timers. */
export const maxTimerMs = 2 ** 31 - 1;
/** The length of a gRPC message has 32 bits, but Node's buffers are smaller. */
export const maxMessageBytes = 2 ** 31 - 1;

export const timer = timeSpan.pipe(
  z.number().min(1, "must be at least 1ms").max(maxTimerMs, "must be at most 24 days"),
);
export const keeping = timeSpan.pipe(z.number().min(1000, "must be at least 1s"));
export const rate = byteSize.pipe(z.number().min(1, "must be at least 1B"));
export const limit = byteSize.pipe(
  z.number().min(16, "must be at least 16B").max(maxMessageBytes, "must be below 2GiB"),
);

/** An empty variable may have lost a secret or certificate, and the server must not start without it. */
export const notEmpty = "is empty: say none, or leave it out, for a server without it";
export const protection = z.string().min(1, notEmpty);
