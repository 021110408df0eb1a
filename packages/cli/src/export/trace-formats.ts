import { decodeTraces, type TraceChunk } from "@spanstore/core";
import { parseGroups, tracesToJson } from "@spanstore/core/otlp";
import { createJaegerDocument } from "@spanstore/jaeger";

export const formats = ["otlp", "jaeger"] as const;
export type Format = (typeof formats)[number];

/** Formats traces chunk by chunk. The chunks of a trace follow each other. */
export interface TraceFormatter {
  /** @returns the text, and the number of spans in the chunk. */
  chunk(chunk: TraceChunk): { readonly text: string; readonly spans: number };
  /** The text after the last trace. */
  end(): string;
}

export function createFormatter(format: Format): TraceFormatter {
  return format === "otlp" ? otlpLines() : jaegerDocument();
}

/** One line for each chunk, a TracesData in OTLP's JSON: the format of the OpenTelemetry collector's file exporter. */
function otlpLines(): TraceFormatter {
  return {
    chunk({ encoded }) {
      const text = `${JSON.stringify(tracesToJson(decodeTraces(encoded)))}\n`;
      return { text, spans: countOf(encoded) };
    },
    end: () => "",
  };
}

/** One document in the format of Jaeger's `/api/traces`, which its UI opens. */
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
