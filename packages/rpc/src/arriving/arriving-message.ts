import { createGunzip, createInflate } from "node:zlib";
import { type ArrivingOptions, arrivingBytes, type Decoder, type Place } from "@spanstore/core/engine";

/** The overhead of a message, so that very many small ones are bounded, too. */
export const messageBytes = 16 * 1024;

const decoders: Readonly<Record<string, () => Decoder>> = { gzip: createGunzip, deflate: createInflate };

export function isKnownEncoding(encoding: string): boolean {
  return Object.hasOwn(decoders, encoding);
}

export interface MessageOptions
  extends Pick<ArrivingOptions, "mostBytes" | "arrived" | "drained" | "failed"> {
  /** How many bytes are on their way, compressed where `encoding` says how. */
  readonly length: number;
  /** One that is known; undefined: it is not compressed. */
  readonly encoding: string | undefined;
  readonly place: Place;
}

/** A message of which the bytes come one after the other, and take room as they come. */
export interface ArrivingMessage {
  /** How many bytes are still to come. */
  readonly missing: () => number;
  /** The room that it needs as a rule: a stream waits for that much. */
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
