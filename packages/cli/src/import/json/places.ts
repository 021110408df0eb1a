/** The kind of a value, by its position. */
export type JsonPlace =
  /** A whole document, or an element of a list that may hold anything. */
  | "value"
  | "resourceSpans"
  /** Signals that are no traces. */
  | "resourceMetrics"
  | "resourceLogs"
  | "resourceProfiles"
  /** A document without the elements of its lists. */
  | "frame";

/** A value of a file of traces, not parsed yet. */
export interface JsonPiece {
  readonly place: JsonPlace;
  /** Its path in the document: `data[2]`; empty for a whole document. */
  readonly path: string;
  readonly text: string;
  /** The line on which it begins, from 1 on. */
  readonly line: number;
}

/** A part of the file that is no JSON; what comes after its line can be read on if there are lines. */
export interface JsonFault {
  readonly fault: string;
  readonly line: number;
  readonly canGoOn: boolean;
}

/**
 * The lists that are taken apart: Jaeger's answers, OTLP's signals, Tempo's answers, the documents of an answer of
 * Elasticsearch.
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

/** Objects in which a document has these lists: Jaeger's /api/v3, Tempo's /api/v2, Elasticsearch's answers. */
export const holders: ReadonlySet<string> = new Set(["result", "trace", "data", "hits"]);
