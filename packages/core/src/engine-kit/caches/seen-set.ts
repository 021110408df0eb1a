/**
 * Caches what is stored, by key, so that most writes skip it. A key is known from the moment a write with it is durable until
 * a deletion on any server may have removed it: every deletion changes the generation.
 */
export interface SeenSet<Value> {
  /** The value of a key in this generation. A new generation forgets all keys. */
  readonly get: (key: string, generation: number) => Value | undefined;
  /** Adds the keys of a durable write that began in this generation. Ignores them when the generation has changed. */
  readonly confirm: (entries: Iterable<readonly [key: string, value: Value]>, generation: number) => void;
  /** Forgets the entries that may be deleted. @returns their values. */
  readonly forget: (mayBeGone: (value: Value, key: string) => boolean) => Value[];
}

/**
 * @param maxKeys With more keys the set is cleared.
 * @param covers Whether the known value includes the new one, and stays. By default the new value replaces it.
 */
export function createSeenSet<Value>(
  maxKeys: number,
  covers: (known: Value, value: Value) => boolean = () => false,
): SeenSet<Value> {
  const known = new Map<string, Value>();
  let current: number | undefined;
  return {
    get: (key, generation) => {
      if (generation !== current) known.clear();
      current = generation;
      return known.get(key);
    },
    confirm: (entries, generation) => {
      if (generation !== current) return;
      for (const [key, value] of entries) {
        const before = known.get(key);
        if (before !== undefined && covers(before, value)) continue;
        if (known.size >= maxKeys && before === undefined) known.clear();
        known.set(key, value);
      }
    },
    forget: (mayBeGone) => {
      const forgotten: Value[] = [];
      for (const [key, value] of known) {
        if (!mayBeGone(value, key)) continue;
        known.delete(key);
        forgotten.push(value);
      }
      return forgotten;
    },
  };
}
