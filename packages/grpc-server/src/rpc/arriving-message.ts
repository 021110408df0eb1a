import { SpanStoreError } from "@spanstore/core";
import { createDecompressor, type Decompressor, decompressorBytes } from "./decompress.js";
import { growingBytes } from "./growing-bytes.js";
import type { Place } from "./place.js";

/** What a message takes besides its bytes, so that very many small ones are bounded, too. */
export const messageBytes = 16 * 1024;

/** No more than this comes out of one compressed byte, once more than `smallBytes` have come. */
const maxRatio = 256;
const smallBytes = 4 * 1024 * 1024;

/** So much comes out of a compressed byte as a rule: a stream waits for room for that. */
const usualRatio = 4;

export interface MessageOptions {
  /** How many bytes are on their way, compressed where `encoding` says how. */
  readonly length: number;
  readonly encoding: string | undefined;
  /** The most that a message may have, decompressed. */
  readonly mostBytes: number;
  readonly place: Place;
  /** All of it is there. */
  readonly arrived: (bytes: Buffer) => void;
  /** More can be added. */
  readonly drained: () => void;
  readonly failed: (error: unknown) => void;
}

/** A message of which the bytes come one after the other, and take room as they come. */
export interface ArrivingMessage {
  /** How many bytes are still to come. */
  readonly missing: () => number;
  /** What it takes as a rule: what can wait waits for room for that. */
  readonly expectedBytes: number;
  /**
   * Must be called once before bytes are added.
   * @param reserved room that was taken for it.
   * @throws OVERLOADED
   */
  readonly begin: (reserved: number) => void;
  /**
   * No more than are missing.
   * @returns whether more can be added, else `drained` says when.
   * @throws OVERLOADED, TOO_LARGE
   */
  readonly add: (part: Buffer) => boolean;
  /** Frees what has come. */
  readonly drop: () => void;
}

/** The bytes are not those that a decompressor takes. */
export class BrokenCompression extends Error {
  override readonly name = "BrokenCompression";
}

export function tooLarge(mostBytes: number): SpanStoreError {
  return new SpanStoreError("TOO_LARGE", `a request of this method has no more than ${mostBytes} bytes`, {
    field: "request",
  });
}

export function arrivingMessage(options: MessageOptions): ArrivingMessage {
  const { length, encoding, mostBytes, place, arrived, drained, failed } = options;
  const bytes = growingBytes(encoding === undefined ? length : mostBytes);
  const besides = messageBytes + (encoding === undefined ? 0 : decompressorBytes);
  let missing = length;
  let reserved = 0;
  let used = 0;
  let decompressor: Decompressor | undefined;

  /** @throws OVERLOADED when there is no room. */
  const use = (more: number): void => {
    used += more;
    if (used <= reserved) return;
    place.take(used - reserved);
    reserved = used;
  };

  const checkSize = (size: number, consumed: number): void => {
    if (size > mostBytes) throw tooLarge(mostBytes);
    if (size > smallBytes && size > consumed * maxRatio) {
      throw new SpanStoreError(
        "TOO_LARGE",
        `a request of more than ${smallBytes} bytes is compressed to no less than 1 of ${maxRatio} bytes`,
        { field: "request", hint: "send smaller requests, or send them without compression" },
      );
    }
  };

  const finish = (): void => {
    const message = bytes.take();
    used -= besides - messageBytes;
    place.giveBack(reserved - used);
    arrived(message);
  };

  const broken = (): void => failed(new BrokenCompression("the request cannot be decompressed"));

  const begin = (): void => {
    use(besides);
    if (encoding === undefined) return;
    decompressor = createDecompressor(encoding, {
      piece: (piece) => {
        try {
          checkSize(bytes.length() + piece.length, decompressor?.consumed() ?? 0);
          use(piece.length);
          bytes.add(piece);
        } catch (error) {
          failed(error);
        }
      },
      drained,
      // What follows the end of what was compressed is nothing.
      ended: () => (missing === 0 ? finish() : broken()),
      failed: () => broken(),
    });
  };

  return {
    missing: () => missing,
    expectedBytes: besides + (encoding === undefined ? length : Math.min(mostBytes, length * usualRatio)),
    begin: (taken) => {
      reserved = taken;
      begin();
      if (missing > 0) return;
      if (decompressor === undefined) finish();
      else decompressor.end();
    },
    add: (part) => {
      missing -= part.length;
      if (decompressor !== undefined) {
        const hasRoom = decompressor.write(part);
        if (missing === 0) decompressor.end();
        return hasRoom;
      }
      use(part.length);
      bytes.add(part);
      if (missing === 0) finish();
      return true;
    },
    drop: () => {
      decompressor?.destroy();
      bytes.free();
    },
  };
}
