import type { MetricPoint } from "@spanstore/core";
import type { Windows } from "../../minutes.js";
import type { Labels } from "../labels.js";

/** A series with a value at each step, or none there. */
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

/** Buckets of latencies that are not yet counted out: they are added and asked for quantiles as they are stored. */
export interface Buckets {
  readonly type: "buckets";
  readonly windows: Windows;
  /** Of each step, the minute that ends its window. */
  readonly ends: readonly number[];
  /** The value of a count in the window. */
  readonly scale: (count: number) => number;
  /** The points are by ascending time; `le` is not among the labels. */
  readonly series: readonly { readonly labels: Labels; readonly points: readonly MetricPoint[] }[];
}

export type Value = Scalar | Vector | Text | Buckets;
