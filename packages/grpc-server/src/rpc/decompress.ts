import { createGunzip, createInflate, type Gunzip, type Inflate } from "node:zlib";

/** What a decompressor holds besides what comes out: its window, its state, and what waits at both of its ends. */
export const decompressorBytes = 128 * 1024;

/** Told what comes out of a decompressor. */
export interface DecompressorSink {
  /** Valid until it returns. */
  readonly piece: (bytes: Buffer) => void;
  /** There is room for more to be put in. */
  readonly drained: () => void;
  readonly ended: () => void;
  /** The bytes are not what they should be. */
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

const decoders: Readonly<Record<string, () => Gunzip | Inflate>> = {
  gzip: createGunzip,
  deflate: createInflate,
};

export function isKnownEncoding(encoding: string): boolean {
  return Object.hasOwn(decoders, encoding);
}

/** Decompresses by pieces, off this thread. @param encoding one that is known. */
export function createDecompressor(encoding: string, sink: DecompressorSink): Decompressor {
  const decoder = (decoders[encoding] as () => Gunzip | Inflate)();
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
