import type { Transform } from "node:stream";

/** The result of one portion of packed bytes. */
export interface Unpacked {
  readonly parts: readonly Uint8Array[];
  /** The packed data are at their end. */
  readonly ended: boolean;
  /** The engine's error; the output before it is in `parts`. */
  readonly error: Error | undefined;
}

/** A decompressor of Node's, fed by portions: what comes out before an error is not lost with it. */
export interface Engine {
  write(bytes: Uint8Array): Promise<Unpacked>;
  /** No more comes. */
  end(): Promise<Unpacked>;
  close(): void;
}

export function createEngine(stream: Transform): Engine {
  let parts: Uint8Array[] = [];
  let ended = false;
  let error: Error | undefined;
  let wake = (): void => undefined;
  stream.on("data", (part: Uint8Array) => parts.push(part));
  stream.on("end", () => {
    ended = true;
    wake();
  });
  stream.on("error", (failure: Error) => {
    error = failure;
    wake();
  });
  const result = (): Unpacked => {
    const taken = parts;
    parts = [];
    return { parts: taken, ended, error };
  };
  const until = async (call: (done: () => void) => void): Promise<Unpacked> => {
    if (!ended && error === undefined) {
      // At the end of the packed data Node does not say that it is done with what stands behind.
      await new Promise<void>((resolve) => {
        wake = resolve;
        call(resolve);
      });
    }
    return result();
  };
  return {
    write: (bytes) => until((done) => stream.write(bytes, () => done())),
    end: () => until(() => stream.end()),
    close: () => void stream.destroy(),
  };
}
