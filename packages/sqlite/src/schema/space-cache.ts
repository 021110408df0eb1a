import { createByteCache } from "@spanstore/core/engine";

/** One space's part of a cache, by row. `load` reads a missing value. */
export type SpaceCache<Value extends object> = <Found extends Value | undefined>(
  id: number,
  load: (id: number) => Found,
) => Found;

/** The cache of a thread: holds the most recently used values, up to a number of bytes. Values must not change. */
export interface SpaceCaches<Value extends object> {
  readonly forSpace: () => SpaceCache<Value>;
}

/** @param onLoad receives the size of each loaded value. */
export function createSpaceCaches<Value extends ArrayBufferView>(
  maxBytes: number,
  onLoad: (bytes: number) => void = () => {},
): SpaceCaches<Value> {
  const values = createByteCache<Value>(maxBytes, ({ byteLength }) => byteLength);
  let spaces = 0;
  return {
    forSpace: () => {
      const space = ++spaces;
      return <Found extends Value | undefined>(id: number, load: (id: number) => Found): Found => {
        const key = `${space} ${id}`;
        const known = values.get(key);
        if (known !== undefined) return known as Found;
        const value = load(id);
        if (value === undefined) return value;
        onLoad(value.byteLength);
        values.set(key, value);
        return value;
      };
    },
  };
}
