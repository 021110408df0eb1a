/** Reads a source in portions of any size. */
export interface ByteReader {
  /** The next `count` bytes, or fewer at the end, without taking them. They are valid until the next take. */
  peek(count: number): Promise<Uint8Array>;
  /** Takes `count` bytes, or fewer at the end. */
  take(count: number): Promise<Uint8Array>;
  /** Takes the bytes at hand, from one to `most`; undefined at the end. */
  some(most: number): Promise<Uint8Array | undefined>;
  /** Puts bytes back before the next ones. */
  putBack(bytes: Uint8Array): void;
  /** The number of bytes taken. */
  readonly taken: number;
}

/** The reader throws the source's error only after all bytes before it. */
export function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  let ahead: Uint8Array = new Uint8Array(0);
  let taken = 0;
  let ended = false;
  let failure: { readonly error: unknown } | undefined;

  const more = async (): Promise<void> => {
    try {
      const next = await iterator.next();
      if (next.done === true) ended = true;
      else ahead = ahead.length === 0 ? next.value : Buffer.concat([ahead, next.value]);
    } catch (error) {
      failure = { error };
    }
  };
  const fill = async (count: number): Promise<void> => {
    while (ahead.length < count && !ended && failure === undefined) await more();
    if (ahead.length === 0 && failure !== undefined) throw failure.error;
  };
  const cut = (count: number): Uint8Array => {
    const bytes = ahead.subarray(0, count);
    ahead = ahead.subarray(bytes.length);
    taken += bytes.length;
    return bytes;
  };

  return {
    async peek(count) {
      await fill(count);
      return ahead.subarray(0, count);
    },
    async take(count) {
      // One copy at the end: joining part by part would copy the first bytes many times.
      const parts: Uint8Array[] = [];
      for (let left = count; left > 0; ) {
        await fill(1);
        if (ahead.length === 0) break;
        const part = cut(left);
        parts.push(part);
        left -= part.length;
      }
      return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
    },
    async some(most) {
      await fill(1);
      return ahead.length === 0 ? undefined : cut(most);
    },
    putBack(bytes) {
      if (bytes.length === 0) return;
      ahead = ahead.length === 0 ? bytes : Buffer.concat([bytes, ahead]);
      taken -= bytes.length;
    },
    get taken() {
      return taken;
    },
  };
}
