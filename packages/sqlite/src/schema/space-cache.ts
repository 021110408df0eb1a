import { createByteCache } from "@spanstore/core/engine";

/** The values of one space that were used last, by row; `load` reads a missing one. */
export type SpaceCache<Value extends object> = <Found extends Value | undefined>(
  id: number,
  load: (id: number) => Found,
) => Found;

/** Keeps the values that a thread used last, up to a number of bytes. They never change. */
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
