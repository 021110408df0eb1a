import type { Transform } from "node:stream";

/** The output for one portion of packed bytes. */
export interface Unpacked {
  readonly parts: readonly Uint8Array[];
  /** Whether the packed data have ended. */
  readonly ended: boolean;
  /** The decompressor's error; `parts` has the output before it. */
  readonly error: Error | undefined;
}

/** One of Node's decompressors, fed in portions. It keeps the output before an error. */
export interface Engine {
  write(bytes: Uint8Array): Promise<Unpacked>;
  /** Tells it that no more bytes come. */
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
      // At the end of the packed data Node does not call back for the bytes behind it.
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
