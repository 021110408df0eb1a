import type { Transform } from "node:stream";

/** The memory of a decompressor besides its output: window, state, and buffers at both ends. */
export const decompressorBytes = 128 * 1024;

/** A decompressor of zlib, which counts the bytes that it has read. */
export type Decoder = Transform & { readonly bytesWritten: number };

/** Takes the output of a decompressor. */
export interface DecompressorSink {
  /** Valid until it returns. */
  readonly piece: (bytes: Buffer) => void;
  /** There is room for more to be put in. */
  readonly drained: () => void;
  readonly ended: () => void;
  /** The bytes are no stream of this encoding. */
  readonly failed: () => void;
}

export interface Decompressor {
  /** @returns whether there is room for more; else `drained` says when. */
  readonly write: (bytes: Buffer) => boolean;
  readonly end: () => void;
  /** How many bytes it has read. */
  readonly consumed: () => number;
  /** The sink hears no more. */
  readonly destroy: () => void;
}

/** Decompresses by pieces, off this thread. */
export function createDecompressor(decoder: Decoder, sink: DecompressorSink): Decompressor {
  let over = false;
  const unlessOver = (tell: () => void) => (): void => {
    if (!over) tell();
  };
  decoder.on("data", (bytes: Buffer) => {
    if (!over) sink.piece(bytes);
  });
  decoder.on("drain", unlessOver(sink.drained));
  decoder.on("end", unlessOver(sink.ended));
  decoder.on("error", unlessOver(sink.failed));
  return {
    write: (bytes) => decoder.write(bytes),
    end: () => void decoder.end(),
    consumed: () => decoder.bytesWritten,
    destroy: () => {
      over = true;
      decoder.destroy();
    },
  };
}
