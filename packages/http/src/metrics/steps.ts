import { SpanStoreError } from "@spanstore/core";
import { endingMinute } from "./minutes.js";

/** The most points of a series in an answer: Prometheus's limit. */
const maxSteps = 11_000;

/**
 * The steps from `start` to `end`, in milliseconds since 1970; `end` is one of them when a step falls on it.
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

/** The end of the minute that holds each time: ascending, with repetitions. */
export function endingMinutes(times: readonly number[]): number[] {
  return times.map(endingMinute);
}
