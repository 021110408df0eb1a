import {
  and,
  type FilterCall,
  resource,
  SpanKind,
  type SpanStore,
  SpanStoreError,
  span,
} from "@spanstore/core";
import type { Call } from "../../wire/call.js";
import { booleanOf, invalid, type Parameters, timeOf } from "../../wire/parameters.js";
import { minuteMillis, readMinutes, slidingWindows, type Windows } from "../minutes.js";
import { endingMinutes, stepsBetween } from "../steps.js";

/** Parameters that all of Jaeger's metrics have. */
export const questionParameters = {
  service: "often",
  spanKind: "often",
  groupByOperation: "once",
  endTs: "once",
  lookback: "once",
  step: "once",
  ratePer: "once",
} as const;

/** A request for metrics of Jaeger's UI. */
export interface MetricQuestion {
  /** The times of the answer's points, in milliseconds since 1970. */
  readonly times: readonly number[];
  /** The minute that ends the window of each time. */
  readonly ends: readonly number[];
  readonly windows: Windows;
  /** The length of a window. */
  readonly seconds: number;
  readonly byOperation: boolean;
  readonly filter: FilterCall;
}

type Kind = keyof typeof SpanKind;

const hour = 3_600_000;

/** Rounds `ratePer` and the times up to whole minutes. @throws INVALID_QUERY. */
export function questionOf({ parameters, settings }: Call): MetricQuestion {
  const services = parameters.texts("service");
  if (services.length === 0) throw missing("service", "please provide at least one service name");
  const byOperation = booleanOf(parameters, "groupByOperation");
  const kinds = kindsOf(parameters.texts("spanKind"));
  const end = millisOf(parameters, "endTs") ?? settings.now();
  const lookback = millisOf(parameters, "lookback") ?? hour;
  const step = aboveZero("step", millisOf(parameters, "step") ?? 5000);
  const ratePer = aboveZero("ratePer", millisOf(parameters, "ratePer") ?? 600_000);
  if (lookback > end) throw invalid("lookback", "reaches back before 1970");
  const times = stepsBetween(end - lookback, end, step);
  const ends = endingMinutes(times);
  const minutes = Math.ceil(ratePer / minuteMillis);
  return {
    times,
    ends,
    windows: slidingWindows(ends, minutes),
    seconds: minutes * 60,
    byOperation,
    filter: and(resource.service.in(services), span.kind.in(kinds)),
  };
}

/** Reads the counts of a question, by service or by service and operation. */
export function readQuestion(
  store: SpanStore,
  { windows, filter, byOperation }: MetricQuestion,
  latencies: boolean,
  signal: AbortSignal,
): ReturnType<typeof readMinutes> {
  const groupBy = byOperation ? ["service", "operation"] : ["service"];
  return readMinutes(store, { windows, groupBy, filter, latencies }, signal);
}

function kindsOf(texts: readonly string[]): Kind[] {
  if (texts.length === 0) return ["server"];
  return texts.map((text) => {
    const kind = text.toLowerCase();
    if (Object.hasOwn(SpanKind, kind)) return kind as Kind;
    throw missing(
      "spanKind",
      `unsupported span kind: '${text.slice(0, 60)}'; there is ${Object.keys(SpanKind).join(", ")}`,
    );
  });
}

function millisOf(parameters: Parameters, name: string): number | undefined {
  const nanos = timeOf(parameters, name, 1_000_000n);
  return nanos === undefined ? undefined : Number(nanos / 1_000_000n);
}

function aboveZero(name: string, millis: number): number {
  if (millis > 0) return millis;
  throw invalid(name, "is not above 0");
}

function missing(field: string, problem: string): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", `unable to parse param '${field}': ${problem}`, { field });
}
