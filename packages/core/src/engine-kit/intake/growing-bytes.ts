/** Bytes that come in pieces, in one buffer that grows. */
export interface GrowingBytes {
  readonly length: () => number;
  readonly add: (piece: Uint8Array) => void;
  /** Hands out all of them, in a buffer of their own. */
  readonly take: () => Buffer;
  /** Gives their memory back at once, and not when the garbage is collected next. */
  readonly free: () => void;
}

const firstBytes = 4096;

/** @param most the most that come: the buffer grows no further. */
export function growingBytes(most: number): GrowingBytes {
  let buffer = Buffer.allocUnsafeSlow(0);
  let length = 0;

  const resize = (size: number): void => {
    const old = buffer;
    // Pages that are not written to take no memory.
    buffer = Buffer.allocUnsafeSlow(size);
    old.copy(buffer, 0, 0, length);
    freeNow(old);
  };

  return {
    length: () => length,
    add: (piece) => {
      const needed = length + piece.length;
      if (needed > buffer.length) resize(Math.min(most, Math.max(needed, 2 * buffer.length, firstBytes)));
      buffer.set(piece, length);
      length = needed;
    },
    take: () => {
      if (length < buffer.length) resize(length);
      const all = buffer;
      buffer = Buffer.allocUnsafeSlow(0);
      length = 0;
      return all;
    },
    free: () => {
      freeNow(buffer);
      buffer = Buffer.allocUnsafeSlow(0);
      length = 0;
    },
  };
}

/** Moving a buffer's memory to one of no bytes frees it at once. */
function freeNow(bytes: Buffer): void {
  (bytes.buffer as ArrayBuffer).transfer(0);
}
