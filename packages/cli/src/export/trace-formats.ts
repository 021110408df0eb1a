import { decodeTraces, type TraceChunk } from "@spanstore/core";
import { tracesToJson } from "@spanstore/core/otlp";
import { createProcesses, jaegerJsonOf, jsonText, type Processes } from "@spanstore/jaeger";

export const formats = ["otlp", "jaeger"] as const;
export type Format = (typeof formats)[number];

/** Makes text of traces, chunk by chunk; the chunks of a trace come one after the other. */
export interface TraceFormatter {
  /** @returns the text, and how many spans the chunk has. */
  chunk(chunk: TraceChunk): { readonly text: string; readonly spans: number };
  /** What stands behind the last trace. */
  end(): string;
}

export function createFormatter(format: Format): TraceFormatter {
  return format === "otlp" ? otlpLines() : jaegerDocument();
}

/** A line a chunk, each a TracesData in OTLP's JSON: the format of the OpenTelemetry collector's file exporter. */
function otlpLines(): TraceFormatter {
  return {
    chunk({ encoded }) {
      const traces = decodeTraces(encoded);
      let spans = 0;
      for (const { scopeSpans } of traces.resourceSpans) {
        for (const scope of scopeSpans) spans += scope.spans.length;
      }
      return { text: `${JSON.stringify(tracesToJson(traces))}\n`, spans };
    },
    end: () => "",
  };
}

/** One document, as Jaeger's `/api/traces` answers and its UI opens; a line a trace. */
function jaegerDocument(): TraceFormatter {
  let traceId: string | undefined;
  let processes: Processes = createProcesses();
  let isEmpty = true;
  const endTrace = (): string => `],"processes":${JSON.stringify(processes.all())},"warnings":null}`;
  return {
    chunk(chunk) {
      const parts: string[] = [];
      const isNext = chunk.traceId !== traceId;
      if (isNext && traceId !== undefined) parts.push(endTrace(), ",\n");
      if (traceId === undefined) parts.push('{"data":[\n');
      if (isNext) {
        traceId = chunk.traceId;
        processes = createProcesses();
        isEmpty = true;
      }
      let spans = 0;
      for (const span of jaegerJsonOf(chunk.encoded, processes)) {
        if (isNext && isEmpty) parts.push(`{"traceID":"${span.traceID}","spans":[`);
        parts.push(isEmpty ? "" : ",", jsonText(span));
        isEmpty = false;
        spans++;
      }
      return { text: parts.join(""), spans };
    },
    end: () =>
      `${traceId === undefined ? '{"data":[' : endTrace()}\n],"total":0,"limit":0,"offset":0,"errors":null}\n`,
  };
}
