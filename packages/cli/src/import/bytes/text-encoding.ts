import { inputFault } from "./input-fault.js";

/** Converts UTF-16 to UTF-8. */
export async function* utf8Of(
  source: AsyncIterable<Uint8Array>,
  encoding: "utf-16le" | "utf-16be",
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const encoder = new TextEncoder();
  const decoded = (bytes?: Uint8Array): Uint8Array => {
    try {
      return encoder.encode(decoder.decode(bytes, { stream: bytes !== undefined }));
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      throw inputFault(`it begins as ${encoding.toUpperCase()} and does not go on so`);
    }
  };
  for await (const bytes of source) yield decoded(bytes);
  yield decoded();
}
