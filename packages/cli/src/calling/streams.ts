import type { Readable, Writable } from "node:stream";

/** Standard error; progress overwrites its line on a terminal. */
export interface ErrorStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The standard streams of a command. */
export interface Streams {
  readonly input: Readable;
  readonly output: Writable;
  readonly errors: ErrorStream;
}

/** The streams of this process. Standard input opens at its first use. */
export const processStreams: Streams = {
  get input() {
    return process.stdin;
  },
  get output() {
    return process.stdout;
  },
  get errors() {
    return process.stderr;
  },
};
