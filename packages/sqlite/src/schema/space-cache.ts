import { createByteCache } from "@spanstore/core/engine";

/** Values of one space that were used last, by their row; `load` reads one that is not among them. */
export type SpaceCache<Value extends object> = <Found extends Value | undefined>(
  id: number,
  load: (id: number) => Found,
) => Found;

/** Keeps the values that a thread used last, up to a number of bytes. They never change. */
export interface SpaceCaches<Value extends object> {
  readonly forSpace: () => SpaceCache<Value>;
}

/** @param onLoad is called with the size of each value that was loaded. */
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
