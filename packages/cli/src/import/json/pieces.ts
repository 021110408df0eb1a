import type { JsonFault, JsonPiece } from "./places.js";
import { createJsonScanner } from "./scanner.js";

/** Splits JSON in UTF-8 of any size into pieces, and holds one piece at a time. */
export async function* jsonPieces(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<JsonPiece | JsonFault, void, undefined> {
  const scanner = createJsonScanner();
  for await (const bytes of withoutMark(source)) {
    scanner.push(bytes);
    yield* scanner.taken();
  }
  scanner.end();
  yield* scanner.taken();
}

const byteOrderMark = [0xef, 0xbb, 0xbf];

async function* withoutMark(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let passed = 0;
  for await (const bytes of source) {
    let i = 0;
    while (passed < byteOrderMark.length && i < bytes.length) {
      if (bytes[i] !== byteOrderMark[passed]) {
        passed = byteOrderMark.length;
        break;
      }
      i++;
      passed++;
    }
    yield i === 0 ? bytes : bytes.subarray(i);
  }
}
