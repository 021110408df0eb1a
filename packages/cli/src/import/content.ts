import { type ByteReader, createByteReader } from "./bytes/byte-reader.js";
import { contentKindOf, headBytes, otherContent } from "./bytes/content-kind.js";
import { gunzipped } from "./bytes/gzip.js";
import { inputFault } from "./bytes/input-fault.js";
import { delimitedMessages, type EncodedMessage, framedMessages, partsOfMessage } from "./bytes/messages.js";
import { utf8Of } from "./bytes/text-encoding.js";
import { unzstd } from "./bytes/zstd.js";
import { jsonPieces } from "./json/pieces.js";
import type { JsonFault, JsonPiece } from "./json/places.js";

/** A part of an input that can be read without the others. */
export type ContentPart = JsonPiece | JsonFault | EncodedMessage;

/** Packed data may contain packed data, up to this depth. */
const mostLayers = 4;
const portionBytes = 1024 * 1024;

/**
 * Reads an input by its content, not its name: JSON in UTF-8 or UTF-16, or OTLP's protobuf; packed by gzip or zstd or not.
 * @throws INVALID_TRACES for a fault that ends reading, after everything before it.
 */
export async function* contentOf(
  reader: ByteReader,
  layers = 0,
): AsyncGenerator<ContentPart, void, undefined> {
  const head = await reader.peek(headBytes);
  const kind = contentKindOf(head);
  switch (kind) {
    case "nothing":
      return;
    case "gzip":
    case "zstd": {
      if (layers === mostLayers) throw inputFault(`it is packed more than ${mostLayers} times`);
      const unpacked = kind === "gzip" ? gunzipped(reader) : unzstd(reader);
      yield* contentOf(createByteReader(unpacked), layers + 1);
      return;
    }
    case "text":
      yield* jsonPieces(rest(reader));
      return;
    case "utf-16le":
    case "utf-16be":
      yield* jsonPieces(utf8Of(rest(reader), kind));
      return;
    case "framed":
      yield* framedMessages(reader);
      return;
    case "delimited":
      yield* delimitedMessages(reader);
      return;
    case "message":
      yield* partsOfMessage(reader);
      return;
    case "unknown":
      throw inputFault(otherContent(head));
  }
}

async function* rest(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const bytes = await reader.some(portionBytes);
    if (bytes === undefined) return;
    yield bytes;
  }
}
