/** Collects bytes that come in pieces, in one buffer that grows. */
export interface GrowingBytes {
  readonly length: () => number;
  readonly add: (piece: Uint8Array) => void;
  /** Returns all bytes in a buffer of their exact size, and begins with an empty one. */
  readonly take: () => Buffer;
  /** Drops the bytes and frees their memory at once, without waiting for a garbage collection. */
  readonly free: () => void;
}

const firstBytes = 4096;

/** @param most the expected maximum: the buffer doubles only up to it. */
export function growingBytes(most: number): GrowingBytes {
  let buffer = Buffer.allocUnsafeSlow(0);
  let length = 0;

  const resize = (size: number): void => {
    const old = buffer;
    // Memory pages that are never written take no memory.
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

/** A transfer to an empty buffer frees the memory at once. */
function freeNow(bytes: Buffer): void {
  (bytes.buffer as ArrayBuffer).transfer(0);
}
