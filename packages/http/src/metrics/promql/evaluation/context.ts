import type { SpanStore } from "@spanstore/core";
import { HttpError } from "../../../wire/errors.js";

/** The environment of an evaluation. */
export interface Evaluation {
  readonly store: SpanStore;
  readonly signal: AbortSignal;
  /** The steps, in milliseconds since 1970. */
  readonly times: readonly number[];
  /** Yields to other calls when its time slice is used up. */
  readonly turns: () => Promise<void> | undefined;
}

/** The most values of one selector, over all series and steps. */
const maxValues = 2_000_000;

/** @throws HttpError 422 when the series have more than `maxValues` values. */
export function checkSize(series: number, { times }: Pick<Evaluation, "times">): void {
  if (series * times.length <= maxValues) return;
  throw new HttpError(
    422,
    `${series} series at ${times.length} steps are more than ${maxValues} values: ask for fewer series, a longer step or a shorter range`,
  );
}
