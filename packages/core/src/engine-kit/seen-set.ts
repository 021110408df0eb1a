/**
 * What is known to be durable, by key, so that most writes need not write it again. A key is known only once the write that
 * brought it is durable, and only until a deletion, by whatever server, may have removed it: every deletion changes the
 * generation.
 */
export interface SeenSet<Value> {
  /** What is known of a key in this generation. Another generation than before forgets everything. */
  readonly get: (key: string, generation: number) => Value | undefined;
  /** A write that began in this generation is durable. Changes nothing when another generation has come since. */
  readonly confirm: (entries: Iterable<readonly [key: string, value: Value]>, generation: number) => void;
  /** Forgets what may be gone. @returns what it was. */
  readonly forget: (mayBeGone: (value: Value, key: string) => boolean) => Value[];
}

/**
 * @param maxKeys With more than this it begins again with none.
 * @param covers Whether a known value says a newly confirmed one too, and stays; by default the new one takes its place.
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
