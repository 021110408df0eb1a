import { createTurns } from "@spanstore/core/engine";
import type { Answer } from "../../wire/answer.js";
import type { Scalar, Series, Text, Vector } from "../promql/evaluation/values.js";
import { signatureOf } from "../promql/labels.js";

export function success(data: unknown): Answer {
  return { body: JSON.stringify({ status: "success", data }) };
}

type Sample = readonly [seconds: number, value: string];

function sampleOf(time: number, value: number): Sample {
  return [time / 1000, numberText(value)];
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

/** The value at one time. @param isOrdered keeps the order of a vector's elements; else they are sorted by labels. */
export function instantAnswer(value: Scalar | Vector | Text, time: number, isOrdered: boolean): Answer {
  if (value.type === "text") return success({ resultType: "string", result: [time / 1000, value.value] });
  if (value.type === "scalar") {
    return success({ resultType: "scalar", result: sampleOf(time, value.points[0] ?? Number.NaN) });
  }
  const series = isOrdered ? value.series : sortedByLabels(value.series);
  return {
    body: result("vector", series, ({ labels, points: [point] }) =>
      point === undefined ? undefined : { metric: labels, value: sampleOf(time, point) },
    ),
  };
}

/** The values at all times. */
export function rangeAnswer(value: Scalar | Vector, times: readonly number[]): Answer {
  const series =
    value.type === "scalar" ? [{ labels: {}, points: value.points }] : sortedByLabels(value.series);
  return {
    body: result("matrix", series, ({ labels, points }) => {
      const values: Sample[] = [];
      for (const [i, time] of times.entries()) {
        const point = points[i];
        if (point !== undefined) values.push(sampleOf(time, point));
      }
      return values.length === 0 ? undefined : { metric: labels, values };
    }),
  };
}

function sortedByLabels(series: readonly Series[]): readonly Series[] {
  return series
    .map((each) => ({ each, key: signatureOf(each.labels) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ each }) => each);
}

async function* result(
  resultType: string,
  series: readonly Series[],
  show: (series: Series) => object | undefined,
): AsyncGenerator<string, void, undefined> {
  const turns = createTurns();
  yield `{"status":"success","data":{"resultType":"${resultType}","result":[`;
  let isFirst = true;
  for (const each of series) {
    const shown = show(each);
    if (shown === undefined) continue;
    yield `${isFirst ? "" : ","}${JSON.stringify(shown)}`;
    isFirst = false;
    const turn = turns();
    if (turn !== undefined) await turn;
  }
  yield "]}}";
}
