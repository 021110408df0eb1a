/** The kind of a value, by its position. */
export type JsonPlace =
  /** A whole document, or an element of a list that may hold anything. */
  | "value"
  | "resourceSpans"
  /** Signals other than traces. */
  | "resourceMetrics"
  | "resourceLogs"
  | "resourceProfiles"
  /** A document without the elements of its lists. */
  | "frame";

/** An unparsed value of a file of traces. */
export interface JsonPiece {
  readonly place: JsonPlace;
  /** Its path in the document: `data[2]`; empty for a whole document. */
  readonly path: string;
  readonly text: string;
  /** The line on which it begins, counted from 1. */
  readonly line: number;
}

/** A part of the file that is not JSON. In a file of lines, reading can go on with the next line. */
export interface JsonFault {
  readonly fault: string;
  readonly line: number;
  readonly canGoOn: boolean;
}

/**
 * The lists whose elements become pieces: those of Jaeger's answers, OTLP's signals, Tempo's answers, and the documents of
 * Elasticsearch's answers.
 */
export const lists: Readonly<Record<string, JsonPlace>> = {
  data: "value",
  hits: "value",
  resourceSpans: "resourceSpans",
  resource_spans: "resourceSpans",
  batches: "resourceSpans",
  resourceMetrics: "resourceMetrics",
  resource_metrics: "resourceMetrics",
  resourceLogs: "resourceLogs",
  resource_logs: "resourceLogs",
  resourceProfiles: "resourceProfiles",
  resource_profiles: "resourceProfiles",
};

/** Objects that may contain these lists: in Jaeger's /api/v3, Tempo's /api/v2 and Elasticsearch's answers. */
export const holders: ReadonlySet<string> = new Set(["result", "trace", "data", "hits"]);
