import type { MetricPoint } from "@spanstore/core";
import type { Windows } from "../../minutes.js";
import type { Labels } from "../labels.js";

/** A series; a step without a value is undefined. */
export interface Series {
  readonly labels: Labels;
  readonly points: readonly (number | undefined)[];
}

export interface Scalar {
  readonly type: "scalar";
  readonly points: readonly number[];
}

export interface Vector {
  readonly type: "vector";
  readonly series: readonly Series[];
}

export interface Text {
  readonly type: "text";
  readonly value: string;
}

/** Latency buckets as the store has them, for sums and quantiles; `countedOut` expands them to series. */
export interface Buckets {
  readonly type: "buckets";
  readonly windows: Windows;
  /** The minute that ends the window of each step. */
  readonly ends: readonly number[];
  /** Turns the count of a window into a value. */
  readonly scale: (count: number) => number;
  /** The points are by ascending time; `le` is not among the labels. */
  readonly series: readonly { readonly labels: Labels; readonly points: readonly MetricPoint[] }[];
}

export type Value = Scalar | Vector | Text | Buckets;
