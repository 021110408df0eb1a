import { createTurns } from "@spanstore/core/engine";
import { streamed } from "../../query/answers.js";
import type { Answer } from "../../wire/answer.js";
import type { Call } from "../../wire/call.js";
import type { MetricQuestion } from "./question.js";

interface FamilySeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly valueAt: (end: number) => number;
}

/** Jaeger's names of the labels. */
const labelNames: Readonly<Record<string, string>> = { service: "service_name", operation: "operation" };

/** A `jaeger.api_v2.metrics.MetricFamily` as JSON. */
export function familyAnswer(
  call: Call,
  question: MetricQuestion,
  { name, help }: { readonly name: string; readonly help: string },
  series: readonly FamilySeries[],
): Answer {
  const head = {
    name: question.byOperation ? name.replace("service", "service_operation") : name,
    type: "GAUGE",
    help: question.byOperation ? `${help} & operation` : help,
  };
  return streamed(call, familyText(head, question, series));
}

async function* familyText(
  head: object,
  { times, ends }: MetricQuestion,
  series: readonly FamilySeries[],
): AsyncGenerator<string, void, undefined> {
  const turns = createTurns();
  const timestamps = times.map((time) => new Date(time).toISOString().replace(".000Z", "Z"));
  const start = JSON.stringify(head).slice(0, -1);
  if (series.length === 0) {
    yield `${start}}`;
    return;
  }
  yield `${start},"metrics":[`;
  for (const [i, { labels, valueAt }] of series.entries()) {
    const named = Object.entries(labels).map(([name, value]) => ({ name: labelNames[name] ?? name, value }));
    const metricPoints = ends.map((end, at) => ({
      gaugeValue: { doubleValue: jsonNumber(valueAt(end)) },
      timestamp: timestamps[at],
    }));
    yield `${i > 0 ? "," : ""}${JSON.stringify({ labels: named, metricPoints })}`;
    const turn = turns();
    if (turn !== undefined) await turn;
  }
  yield "]}";
}

/** JSON has no NaN; protobuf's JSON spells it as a string. */
function jsonNumber(value: number): number | string {
  return Number.isNaN(value) ? "NaN" : value;
}
