import { trim } from "./ranges.js";

/** The references of a Jaeger span or the links of an OTLP span. Ids are ranges; an absent id is empty and means all zeros. */
export class References {
  length = 0;
  readonly traceStart: number[] = [];
  readonly traceEnd: number[] = [];
  readonly spanStart: number[] = [];
  readonly spanEnd: number[] = [];
  /** Jaeger's SpanRefType: 0 is CHILD_OF, 1 is FOLLOWS_FROM. */
  readonly type: number[] = [];

  clear(): void {
    this.length = 0;
    trim(this.traceStart, this.traceEnd, this.spanStart, this.spanEnd, this.type);
  }
}

export const childOf = 0;
export const followsFrom = 1;

/** The logs of a span; `from` and `to` are rows of its pairs. */
export class Logs {
  length = 0;
  readonly timeHigh: number[] = [];
  readonly timeLow: number[] = [];
  readonly from: number[] = [];
  readonly to: number[] = [];

  clear(): void {
    this.length = 0;
    trim(this.timeHigh, this.timeLow, this.from, this.to);
  }
}

/** The names of a span's fields by number, for errors. */
export const spanFields = [
  "span",
  "trace_id",
  "span_id",
  "operation_name",
  "references",
  "flags",
  "start_time",
  "duration",
  "tags",
  "logs",
  "process",
  "process_id",
  "warnings",
];
