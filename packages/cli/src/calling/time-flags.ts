import { parseTime, parseTimeSpan } from "@spanstore/core/text";
import { z } from "zod";
import type { CommandFlags, FlagValues } from "./command.js";

/** OTLP's times are unsigned 64-bit nanoseconds. */
const latest = 2n ** 64n - 1n;

/** A point in time, in nanoseconds since the epoch. */
export const time = z.string().transform((text, context) => {
  const value = parseTime(text);
  if (value === undefined) {
    return refuse(context, "must be a time, for example 2026-11-21T17:05:52Z, 2026-11-21 or 1795280752");
  }
  return value <= latest
    ? value
    : refuse(context, "must be a time before the year 2554, the end of OTLP's clock");
});

/** A length of time, in nanoseconds. */
export const timeSpan = z.string().transform((text, context) => {
  const value = parseTimeSpan(text);
  if (value !== undefined && value >= 0n) return value;
  return refuse(context, "must be a length of time, for example 90s, 1h30m or 7d");
});

function refuse(context: z.core.$RefinementCtx<string>, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

/** The flags of a range of time. */
export const rangeFlags = {
  since: {
    placeholder: "TIME",
    help: "Spans that started within this length of time up to now, for example 1h or 7d.",
    schema: timeSpan.optional(),
  },
  from: {
    placeholder: "TIME",
    help: "Spans that started at this time or later: RFC 3339, or seconds since 1970.",
    schema: time.optional(),
  },
  to: {
    placeholder: "TIME",
    help: "Spans that started at this time or earlier.",
    schema: time.optional(),
  },
} as const satisfies CommandFlags;

export interface TimeRange {
  readonly startTimeMinUnixNano?: bigint;
  readonly startTimeMaxUnixNano?: bigint;
}

/** Reads the range of {@link rangeFlags}, and the problems of these flags. */
export function readRange(flags: FlagValues<typeof rangeFlags>): {
  readonly range: TimeRange;
  readonly problems: readonly string[];
} {
  const { since, from, to } = flags;
  const problems: string[] = [];
  if (since !== undefined && from !== undefined) problems.push("--since and --from exclude each other");
  const min = since === undefined ? from : BigInt(Date.now()) * 1_000_000n - since;
  if (min !== undefined && to !== undefined && min > to)
    problems.push(`--to lies before ${from === undefined ? "what --since says" : "--from"}`);
  return {
    range: {
      ...(min === undefined ? {} : { startTimeMinUnixNano: min < 0n ? 0n : min }),
      ...(to === undefined ? {} : { startTimeMaxUnixNano: to }),
    },
    problems,
  };
}
