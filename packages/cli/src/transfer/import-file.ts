import { SpanStoreError } from "@spanstore/core";
import { throwIfAborted } from "@spanstore/core/engine";
import { readInput, standard } from "./files.js";
import { jsonPieces } from "./json-pieces.js";
import { readPiece } from "./read-piece.js";
import type { SpanWriter } from "./write-spans.js";

export interface ImportOptions {
  readonly signal: AbortSignal;
  /** Takes what is read; undefined: it is only looked at. */
  readonly writer: SpanWriter | undefined;
  /** Is told of bytes that were taken off the file, and of spans that were read. */
  readonly progress: (bytes: number, spans: number) => void;
  /**
   * Is told of what cannot be read, and where: `FILE:LINE: why`. What it throws ends the import.
   * @param spans how many spans are lost with it, as far as that is known.
   */
  readonly fault: (error: SpanStoreError, spans: number) => void;
}

/**
 * Reads the spans of a file: OTLP's JSON, in lines or as a document, or what Jaeger's `/api/traces` answers and its UI
 * saves; packed by gzip or not. It is read piece by piece, whatever its size.
 */
export async function importFile(path: string, options: ImportOptions): Promise<void> {
  const { signal, writer, progress } = options;
  const name = path === standard ? "standard input" : path;
  const fault = (line: number, message: string, spans: number, cause?: unknown): void => {
    const error = new SpanStoreError("INVALID_TRACES", `${name}:${line}: ${message}`, { cause });
    options.fault(error, spans);
  };
  const source = readInput(path, signal, (bytes) => progress(bytes, 0));
  for await (const piece of jsonPieces(source)) {
    throwIfAborted(signal);
    if ("fault" in piece) {
      fault(piece.line, piece.fault, 0);
      if (!piece.canGoOn) return;
      continue;
    }
    for (const read of readPiece(piece)) {
      if ("error" in read) {
        fault(piece.line, read.error.message, read.spans, read.error);
        continue;
      }
      progress(0, read.spans);
      await writer?.add(read.encoded, read.spans);
    }
  }
}
