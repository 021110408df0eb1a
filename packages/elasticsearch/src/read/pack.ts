import { deflateRawSync, inflateRawSync } from "node:zlib";
import { SpanStoreError } from "@spanstore/core";

/** What bytes are compressed with, and its id: six bytes in base64url. */
export interface Dictionary {
  readonly id: string;
  readonly bytes: Buffer;
}

/** How what follows is written; the first byte of what is kept. */
const plain = 0;
const deflated = 1;
/** The dictionary's id stands before it. */
const deflatedWithDictionary = 2;

const idBytes = 6;
const bodyAt: Readonly<Record<number, number>> = {
  [plain]: 1,
  [deflated]: 1,
  [deflatedWithDictionary]: 1 + idBytes,
};
/** Characters of base64 that hold the form and the id. */
const headCharacters = 12;
/** What is short does not become shorter. */
const shortest = 64;

/** OTLP bytes as they are kept. */
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

/** The dictionary that packed bytes, in base64, need; undefined when they need none. */
export function dictionaryIdOf(packed: string): string | undefined {
  const head = Buffer.from(packed.slice(0, headCharacters), "base64");
  return head[0] === deflatedWithDictionary ? head.toString("base64url", 1, 1 + idBytes) : undefined;
}

/**
 * @param dictionary that they need.
 * @throws CORRUPT when it was not made by {@link pack}.
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
    throw new SpanStoreError("CORRUPT", "spans are kept and can not be inflated", { cause: error });
  }
}
