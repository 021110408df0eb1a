import { SpanStoreError } from "../../errors/errors.js";
import { createDecompressor, type Decoder, type Decompressor, decompressorBytes } from "./decompress.js";
import { growingBytes } from "./growing-bytes.js";
import type { Place } from "./place.js";

/** No more than this comes out of one compressed byte, once more than `smallBytes` have come. */
const maxRatio = 256;
const smallBytes = 4 * 1024 * 1024;

/** So much comes out of a compressed byte as a rule: a stream waits for room for that. */
const usualRatio = 4;

export interface ArrivingOptions {
  /** The name of the arriving message, for texts and as the field of errors. */
  readonly what: "request" | "body";
  /** How many bytes are on their way, compressed where there is a decoder; undefined: nothing says it. */
  readonly length: number | undefined;
  /** Makes the decompressor; undefined for plain bytes. */
  readonly decoder: (() => Decoder) | undefined;
  /** The most that there may be, decompressed. */
  readonly mostBytes: number;
  /** Room that it takes besides its bytes, until the place is released. */
  readonly overheadBytes: number;
  readonly place: Omit<Place, "enter">;
  /** All of it is there. */
  readonly arrived: (bytes: Buffer) => void;
  /** More can be added. */
  readonly drained: () => void;
  /** Called after `add` has returned. @param error TOO_LARGE, OVERLOADED or `BrokenCompression`. */
  readonly failed: (error: unknown) => void;
}

/** A request that arrives in parts, decompressed as it comes: it takes room as it grows, and no more than it may. */
export interface ArrivingBytes {
  /** The room that it needs as a rule: a stream waits for that much. */
  readonly expectedBytes: number;
  /**
   * Must be called once before bytes are added.
   * @param reserved room that was taken for it.
   * @throws OVERLOADED
   */
  readonly begin: (reserved: number) => void;
  /**
   * @returns whether more can be added, else `drained` says when.
   * @throws OVERLOADED, TOO_LARGE
   */
  readonly add: (part: Buffer) => boolean;
  /** Nothing is added any more. */
  readonly end: () => void;
  /** Frees the bytes that have come. */
  readonly drop: () => void;
}

/** The bytes are not those that a decompressor takes. */
export class BrokenCompression extends Error {
  override readonly name = "BrokenCompression";
}

export function tooLarge(what: ArrivingOptions["what"], mostBytes: number): SpanStoreError {
  return new SpanStoreError("TOO_LARGE", `a ${what} here has no more than ${mostBytes} bytes`, {
    field: what,
  });
}

export function arrivingBytes(options: ArrivingOptions): ArrivingBytes {
  const { what, length = options.mostBytes, mostBytes, place, arrived, drained, failed } = options;
  const isCompressed = options.decoder !== undefined;
  const bytes = growingBytes(isCompressed ? mostBytes : length);
  const besides = options.overheadBytes + (isCompressed ? decompressorBytes : 0);
  let reserved = 0;
  let used = 0;
  let hasEnded = false;
  let decompressor: Decompressor | undefined;

  /** @throws OVERLOADED when there is no room. */
  const use = (more: number): void => {
    used += more;
    if (used <= reserved) return;
    place.take(used - reserved);
    reserved = used;
  };

  /** @throws TOO_LARGE, OVERLOADED */
  const keep = (piece: Buffer): void => {
    const size = bytes.length() + piece.length;
    if (size > mostBytes) throw tooLarge(what, mostBytes);
    if (decompressor !== undefined && size > smallBytes && size > decompressor.consumed() * maxRatio) {
      throw new SpanStoreError(
        "TOO_LARGE",
        `a ${what} of more than ${smallBytes} bytes is compressed to no less than 1 of ${maxRatio} bytes`,
        { field: what, hint: `send a smaller ${what}, or send it without compression` },
      );
    }
    use(piece.length);
    bytes.add(piece);
  };

  const finish = (): void => {
    const all = bytes.take();
    used -= besides - options.overheadBytes;
    place.giveBack(reserved - used);
    arrived(all);
  };

  const broken = (): void => failed(new BrokenCompression(`the ${what} cannot be decompressed`));

  return {
    expectedBytes: besides + (isCompressed ? Math.min(mostBytes, length * usualRatio) : length),
    begin: (taken) => {
      reserved = taken;
      use(besides);
      if (options.decoder === undefined) return;
      decompressor = createDecompressor(options.decoder(), {
        piece: (piece) => {
          try {
            keep(piece);
          } catch (error) {
            failed(error);
          }
        },
        drained,
        // Bytes after the end of the compressed data are ignored.
        ended: () => (hasEnded ? finish() : broken()),
        failed: broken,
      });
    },
    add: (part) => {
      if (decompressor !== undefined) return decompressor.write(part);
      keep(part);
      return true;
    },
    end: () => {
      hasEnded = true;
      if (decompressor === undefined) finish();
      else decompressor.end();
    },
    drop: () => {
      decompressor?.destroy();
      bytes.free();
    },
  };
}
