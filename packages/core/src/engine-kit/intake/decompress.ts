import type { Transform } from "node:stream";

/** The memory of a decompressor besides its output: window, state, and buffers at both ends. */
export const decompressorBytes = 128 * 1024;

/** A decompressor of zlib. `bytesWritten` is the number of compressed bytes that it has read. */
export type Decoder = Transform & { readonly bytesWritten: number };

/** Takes the output of a decompressor. */
export interface DecompressorSink {
  /** Receives output; the bytes are valid until it returns. */
  readonly piece: (bytes: Buffer) => void;
  /** Called when `write` accepts input again. */
  readonly drained: () => void;
  readonly ended: () => void;
  /** Called when the input is not a valid stream of this encoding. */
  readonly failed: () => void;
}

export interface Decompressor {
  /** @returns whether it accepts more; if not, it calls `drained` later. */
  readonly write: (bytes: Buffer) => boolean;
  readonly end: () => void;
  /** How many compressed bytes it has read. */
  readonly consumed: () => number;
  /** Stops; the sink is not called any more. */
  readonly destroy: () => void;
}

/** Decompresses piece by piece, off this thread. */
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
