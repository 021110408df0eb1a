import { once } from "node:events";
import type { Writable } from "node:stream";
import { SpanStoreError } from "@spanstore/core";
import { fileProblem } from "@spanstore/grpc-server/program";

/** Standard output of a command. */
export interface Output {
  /** Resolves when more may be written, so that output for a slow reader does not fill memory. */
  write(text: string | Uint8Array): Promise<void>;
  line(text: string): Promise<void>;
  /** Resolves when everything is written. */
  end(): Promise<void>;
}

/** The reader has left, as `| head` does: the command ends without an error. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** @param whenClosed called once, when the reader leaves. */
export function createOutput(stream: Writable, whenClosed: () => void): Output {
  let closed = false;
  let failure: Error | undefined;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED") {
      if (!closed) whenClosed();
      closed = true;
    } else {
      failure ??= new SpanStoreError("INVALID_OPTIONS", fileProblem("write", "standard output", error));
    }
  });
  const check = (): void => {
    if (failure !== undefined) throw failure;
    if (closed) throw new OutputClosed("the reader of the output has left");
  };
  const write = async (text: string | Uint8Array): Promise<void> => {
    check();
    if (stream.write(text)) return;
    const drained = new AbortController();
    try {
      await Promise.race([
        once(stream, "drain", { signal: drained.signal }),
        once(stream, "close", { signal: drained.signal }),
      ]);
    } catch {
      // The listener above has noted the stream's error; `check` throws it.
    } finally {
      drained.abort();
    }
    check();
  };
  return {
    write,
    line: (text) => write(`${text}\n`),
    async end() {
      check();
      await new Promise<void>((resolve) => stream.write("", () => resolve()));
      check();
    },
  };
}
