import type { Readable } from "node:stream";
import { isSpanStoreError, SpanStoreError } from "@spanstore/core";
import { throwIfAborted } from "@spanstore/core/engine";
import { createByteReader } from "./bytes/byte-reader.js";
import { inputName, readFile } from "./bytes/read-file.js";
import { type ContentPart, contentOf } from "./content.js";
import { readMessage } from "./spans/otlp.js";
import { readPiece } from "./spans/read-piece.js";
import type { Note, ReadSpans } from "./spans/read-spans.js";

export interface ImportOptions {
  readonly signal: AbortSignal;
  /** Standard input, for `-`. */
  readonly input: Readable;
  /** Takes encoded spans; resolves when more may come. */
  readonly take: (encoded: Uint8Array, spans: number) => Promise<void>;
  /** Called with the number of bytes and of spans just read. */
  readonly progress: (bytes: number, spans: number) => void;
  /**
   * Called for each part that cannot be read, with a message `FILE:LINE: why`. An error that it throws ends the import.
   * @param spans the number of lost spans, as far as known.
   */
  readonly fault: (error: SpanStoreError, spans: number) => void;
  /** Called for each note, with its position. */
  readonly note: (note: Note, place: string) => void;
}

/**
 * Reads the spans of a file piece by piece, so that memory does not grow with the file. `contentOf` and `readPiece` list
 * the formats.
 */
export async function importFile(path: string, options: ImportOptions): Promise<void> {
  const { signal, progress, take } = options;
  const name = inputName(path);
  const fault = (place: string, { code, message, hint }: SpanStoreError, spans: number): void =>
    options.fault(new SpanStoreError(code, `${place}: ${message}`, { hint }), spans);
  const reader = createByteReader(readFile(path, options.input, signal, (bytes) => progress(bytes, 0)));
  const parts = contentOf(reader);
  let isSilent = true;
  for (;;) {
    let next: IteratorResult<ContentPart, void>;
    try {
      next = await parts.next();
    } catch (error) {
      throwIfAborted(signal);
      if (!isSpanStoreError(error)) throw error;
      // NOT_FOUND names the file already.
      if (error.code === "NOT_FOUND") options.fault(error, 0);
      else fault(name, error, 0);
      return;
    }
    if (next.done === true) break;
    throwIfAborted(signal);
    const part = next.value;
    if ("fault" in part) {
      isSilent = false;
      fault(`${name}:${part.line}`, new SpanStoreError("INVALID_TRACES", part.fault), 0);
      if (!part.canGoOn) return;
      continue;
    }
    const place = "number" in part ? `${name}, message ${part.number}` : `${name}:${part.line}`;
    for (const read of spansOf(part)) {
      if ("note" in read) {
        if (read.note.kind !== "empty") isSilent = false;
        options.note(read.note, place);
        continue;
      }
      isSilent = false;
      if ("error" in read) {
        fault(place, read.error, read.spans);
        continue;
      }
      progress(0, read.spans);
      await take(read.encoded, read.spans);
    }
  }
  if (isSilent) {
    const text = reader.taken === 0 ? "is empty" : "has no spans in it";
    options.note({ kind: "nothing", text: `${name} ${text}` }, name);
  }
}

const openBrace = 0x7b;
const openBracket = 0x5b;

function spansOf(part: Exclude<ContentPart, { fault: string }>): Generator<ReadSpans, void, undefined> {
  if ("text" in part) return readPiece(part);
  const [first] = part.bytes;
  if (first !== openBrace && first !== openBracket) return readMessage(part.bytes);
  const text = Buffer.from(part.bytes.buffer, part.bytes.byteOffset, part.bytes.length).toString("utf8");
  return readPiece({ place: "value", path: "", text, line: 1 });
}
