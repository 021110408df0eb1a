import { decodeTraces, type TraceChunk } from "@spanstore/core";
import { parseGroups, tracesToJson } from "@spanstore/core/otlp";
import { createJaegerDocument } from "@spanstore/jaeger";

export const formats = ["otlp", "jaeger"] as const;
export type Format = (typeof formats)[number];

/** Makes text of traces, chunk by chunk; the chunks of a trace come one after the other. */
export interface TraceFormatter {
  /** @returns the text, and how many spans the chunk has. */
  chunk(chunk: TraceChunk): { readonly text: string; readonly spans: number };
  /** The text after the last trace. */
  end(): string;
}

export function createFormatter(format: Format): TraceFormatter {
  return format === "otlp" ? otlpLines() : jaegerDocument();
}

/** A line a chunk, each a TracesData in OTLP's JSON: the format of the OpenTelemetry collector's file exporter. */
function otlpLines(): TraceFormatter {
  return {
    chunk({ encoded }) {
      const text = `${JSON.stringify(tracesToJson(decodeTraces(encoded)))}\n`;
      return { text, spans: countOf(encoded) };
    },
    end: () => "",
  };
}

/** One document, as Jaeger's `/api/traces` answers and its UI opens. */
function jaegerDocument(): TraceFormatter {
  const document = createJaegerDocument();
  return {
    chunk: ({ traceId, encoded }) => ({
      text: [...document.spans(traceId, encoded)].join(""),
      spans: countOf(encoded),
    }),
    end: () => `${document.end()}\n`,
  };
}

function countOf(encoded: Uint8Array): number {
  return parseGroups(encoded).reduce((count, { spans }) => count + spans.length / 2, 0);
}
