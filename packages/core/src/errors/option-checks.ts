import { SpanStoreError } from "./errors.js";

/** The error for a wrong value of an option. @param problem continues the sentence after the option's name. */
export function invalidOption(field: string, problem: string, cause?: unknown): SpanStoreError {
  return new SpanStoreError("INVALID_OPTIONS", `${field} ${problem}`, { field, cause });
}

/** @throws INVALID_OPTIONS unless the value is a whole number from `min` to `max`, both inclusive. */
export function wholeNumberOption(field: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalidOption(field, `must be a whole number from ${min} to ${max}, not ${value}`);
}
