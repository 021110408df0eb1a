import { SpanStoreError } from "@spanstore/core";
import { endingMinute } from "./minutes.js";

/** A series has at most so many points in an answer: as many as Prometheus gives. */
const maxSteps = 11_000;

/**
 * Times in milliseconds since 1970, from a time until another, which is one of them if a step ends there.
 * @throws INVALID_QUERY naming the parameter of the step.
 */
export function stepsBetween(start: number, end: number, step: number, field = "step"): readonly number[] {
  const count = Math.floor((end - start) / step) + 1;
  if (count > maxSteps) {
    throw new SpanStoreError("INVALID_QUERY", `parameter '${field}' makes ${count} points of a series`, {
      field,
      hint: `a series has at most ${maxSteps}: ask for a longer step or a shorter range`,
    });
  }
  return Array.from({ length: count }, (_, i) => start + i * step);
}

/** The minutes in which the times lie end there; ascending, and some of them several times. */
export function endingMinutes(times: readonly number[]): number[] {
  return times.map(endingMinute);
}
