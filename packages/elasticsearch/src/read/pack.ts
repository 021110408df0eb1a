import { deflateRawSync, inflateRawSync } from "node:zlib";
import { SpanStoreError } from "@spanstore/core";

/** A dictionary for compression. The id is six bytes in base64url. */
export interface Dictionary {
  readonly id: string;
  readonly bytes: Buffer;
}

/** The form of the bytes that follow: the first byte of packed bytes. */
const plain = 0;
const deflated = 1;
/** The id of the dictionary comes next. */
const deflatedWithDictionary = 2;

const idBytes = 6;
const bodyAt: Readonly<Record<number, number>> = {
  [plain]: 1,
  [deflated]: 1,
  [deflatedWithDictionary]: 1 + idBytes,
};
/** The base64 characters that hold the form and the id. */
const headCharacters = 12;
/** Compression does not make shorter bytes smaller. */
const shortest = 64;

/** Packs OTLP bytes for storage. */
export function pack(encoded: Uint8Array, dictionary: Dictionary | undefined): Buffer {
  if (encoded.length >= shortest) {
    const body = deflateRawSync(encoded, { level: 1, ...(dictionary && { dictionary: dictionary.bytes }) });
    const head =
      dictionary === undefined
        ? Buffer.of(deflated)
        : Buffer.concat([Buffer.of(deflatedWithDictionary), Buffer.from(dictionary.id, "base64url")]);
    if (head.length + body.length < encoded.length) return Buffer.concat([head, body]);
  }
  return Buffer.concat([Buffer.of(plain), encoded]);
}

/** The id of the dictionary that packed bytes, in base64, need; undefined when they need none. */
export function dictionaryIdOf(packed: string): string | undefined {
  const head = Buffer.from(packed.slice(0, headCharacters), "base64");
  return head[0] === deflatedWithDictionary ? head.toString("base64url", 1, 1 + idBytes) : undefined;
}

/**
 * @param dictionary the one that {@link dictionaryIdOf} names.
 * @throws CORRUPT for bytes that {@link pack} did not write.
 */
export function unpack(packed: Buffer, dictionary: Dictionary | undefined): Uint8Array {
  const form = packed[0];
  const at = form === undefined ? undefined : bodyAt[form];
  if (at === undefined)
    throw new SpanStoreError("CORRUPT", `spans are kept in an unknown form (${form ?? "none"})`);
  const body = packed.subarray(at);
  if (form === plain) return body;
  try {
    return inflateRawSync(body, dictionary && { dictionary: dictionary.bytes });
  } catch (error) {
    throw new SpanStoreError("CORRUPT", "the bytes of a fragment cannot be inflated", { cause: error });
  }
}
