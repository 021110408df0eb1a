import { SpanStoreError } from "../../errors/errors.js";
import { createDecompressor, type Decoder, type Decompressor, decompressorBytes } from "./decompress.js";
import { growingBytes } from "./growing-bytes.js";
import type { Place } from "./place.js";

/** The most bytes out of one compressed byte, for output above `smallBytes`. */
const maxRatio = 256;
const smallBytes = 4 * 1024 * 1024;

/** The usual number of bytes out of one compressed byte, for the room that a stream waits for. */
const usualRatio = 4;

export interface ArrivingOptions {
  /** The name of the message, in texts and as the field of errors. */
  readonly what: "request" | "body";
  /** The announced number of bytes, compressed if there is a decoder; undefined when the sender does not announce it. */
  readonly length: number | undefined;
  /** Makes the decompressor; undefined for plain bytes. */
  readonly decoder: (() => Decoder) | undefined;
  /** The most bytes of the message, decompressed. */
  readonly mostBytes: number;
  /** Room besides the message's bytes, held until the place is released. */
  readonly overheadBytes: number;
  readonly place: Omit<Place, "enter">;
  /** Called with the complete message. */
  readonly arrived: (bytes: Buffer) => void;
  /** Called when `add` accepts more again. */
  readonly drained: () => void;
  /** Called after `add` has returned. @param error TOO_LARGE, OVERLOADED or `BrokenCompression`. */
  readonly failed: (error: unknown) => void;
}

/** A message that arrives in parts. It decompresses them as they come, and takes room as it grows, within its bound. */
export interface ArrivingBytes {
  /** The room that the message usually needs; a stream waits for it. */
  readonly expectedBytes: number;
  /**
   * Must be called once, before `add`.
   * @param reserved the room that its place holds already.
   * @throws OVERLOADED
   */
  readonly begin: (reserved: number) => void;
  /**
   * @returns whether it accepts more; if not, it calls `drained` later.
   * @throws OVERLOADED, TOO_LARGE
   */
  readonly add: (part: Buffer) => boolean;
  /** Ends the message after its last part. */
  readonly end: () => void;
  /** Frees the bytes of an incomplete message. */
  readonly drop: () => void;
}

/** The error for bytes that can not be decompressed. */
export class BrokenCompression extends Error {
  override readonly name = "BrokenCompression";
}

export function tooLarge(what: ArrivingOptions["what"], mostBytes: number): SpanStoreError {
  return new SpanStoreError("TOO_LARGE", `the ${what} is larger than the allowed ${mostBytes} bytes`, {
    field: what,
  });
}

export function arrivingBytes(options: ArrivingOptions): ArrivingBytes {
  const { what, length = options.mostBytes, mostBytes, place, arrived, drained, failed } = options;
  const isCompressed = options.decoder !== undefined;
  const bytes = growingBytes(isCompressed ? mostBytes : length);
  const overhead = options.overheadBytes + (isCompressed ? decompressorBytes : 0);
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
        `the ${what} is compressed more than ${maxRatio} to 1, which is allowed up to ${smallBytes} bytes`,
        { field: what, hint: `send a smaller ${what}, or send it without compression` },
      );
    }
    use(piece.length);
    bytes.add(piece);
  };

  const finish = (): void => {
    const all = bytes.take();
    used -= overhead - options.overheadBytes;
    place.giveBack(reserved - used);
    arrived(all);
  };

  const broken = (): void => failed(new BrokenCompression(`the ${what} cannot be decompressed`));

  return {
    expectedBytes: overhead + (isCompressed ? Math.min(mostBytes, length * usualRatio) : length),
    begin: (taken) => {
      reserved = taken;
      use(overhead);
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
