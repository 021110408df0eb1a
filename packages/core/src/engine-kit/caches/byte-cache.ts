import { LRUCache } from "lru-cache";

/** Keeps the most recently used values, up to a number of bytes. */
export interface ByteCache<Value> {
  readonly get: (key: string) => Value | undefined;
  /** Sets the value of a key. A value that is larger than the cache is not kept. */
  readonly set: (key: string, value: Value) => void;
  /** Removes a value and returns it. */
  readonly take: (key: string) => Value | undefined;
}

/** @param bytesOf the size of a value, called once for each `set`. */
export function createByteCache<Value extends object>(
  maxBytes: number,
  bytesOf: (value: Value) => number,
): ByteCache<Value> {
  const values = new LRUCache<string, Value>({
    maxSize: maxBytes,
    sizeCalculation: (value) => Math.max(1, bytesOf(value)),
  });
  return {
    get: (key) => values.get(key),
    set: (key, value) => {
      values.set(key, value);
    },
    take: (key) => {
      const value = values.get(key);
      values.delete(key);
      return value;
    },
  };
}
