import { createGunzip, createInflate } from "node:zlib";
import { type ArrivingOptions, arrivingBytes, type Decoder, type Place } from "@spanstore/core/engine";

/** Counted for each message beside its bytes, so that the number of small messages is bounded too. */
export const messageBytes = 16 * 1024;

const decoders: Readonly<Record<string, () => Decoder>> = { gzip: createGunzip, deflate: createInflate };

export function isKnownEncoding(encoding: string): boolean {
  return Object.hasOwn(decoders, encoding);
}

export interface MessageOptions
  extends Pick<ArrivingOptions, "mostBytes" | "arrived" | "drained" | "failed"> {
  /** The length on the wire, compressed by `encoding`. */
  readonly length: number;
  /** A known encoding; undefined: not compressed. */
  readonly encoding: string | undefined;
  readonly place: Place;
}

/** A message whose bytes take room as they arrive. */
export interface ArrivingMessage {
  /** The number of bytes still to come. */
  readonly missing: () => number;
  /** The room that it will probably need; a stream waits for this much. */
  readonly expectedBytes: number;
  /**
   * Must be called once, before `add`.
   * @param reserved the room already taken for the message.
   * @throws OVERLOADED
   */
  readonly begin: (reserved: number) => void;
  /**
   * Adds bytes, at most as many as are missing.
   * @returns whether more can be added now; else `drained` is called later.
   * @throws OVERLOADED, TOO_LARGE
   */
  readonly add: (part: Buffer) => boolean;
  /** Frees the bytes so far. */
  readonly drop: () => void;
}

export function arrivingMessage({ length, encoding, ...options }: MessageOptions): ArrivingMessage {
  const decoder = encoding === undefined ? undefined : decoders[encoding];
  const bytes = arrivingBytes({ ...options, what: "request", length, decoder, overheadBytes: messageBytes });
  let missing = length;
  return {
    missing: () => missing,
    expectedBytes: bytes.expectedBytes,
    begin: (reserved) => {
      bytes.begin(reserved);
      if (missing === 0) bytes.end();
    },
    add: (part) => {
      missing -= part.length;
      const hasRoom = bytes.add(part);
      if (missing === 0) bytes.end();
      return hasRoom;
    },
    drop: bytes.drop,
  };
}
