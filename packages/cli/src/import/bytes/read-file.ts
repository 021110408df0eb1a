import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { SpanStoreError } from "@spanstore/core";
import { fileProblem, isSystemError } from "@spanstore/grpc-server/program";

/** The name that stands for standard input or standard output. */
export const standard = "-";

/** Bytes read at once. */
const readBytes = 1024 * 1024;

/** The name of a file in messages. */
export function inputName(path: string): string {
  return path === standard ? "standard input" : path;
}

/**
 * Reads the bytes of a file, or of standard input.
 * @param standardInput read for `-`.
 * @param read called with the number of bytes taken.
 * @throws NOT_FOUND naming the file and the reason when it cannot be read.
 */
export async function* readFile(
  path: string,
  standardInput: Readable,
  signal: AbortSignal,
  read: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const input = path === standard ? standardInput : createReadStream(path, { highWaterMark: readBytes });
  const abort = (): void => void input.destroy(new Error("aborted"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    for await (const bytes of input as AsyncIterable<Uint8Array>) {
      read(bytes.length);
      yield bytes;
    }
  } catch (error) {
    throw signal.aborted ? error : unreadable(path, error);
  } finally {
    signal.removeEventListener("abort", abort);
    input.destroy();
  }
}

/**
 * The size of a file; undefined when unknown.
 * @throws as {@link readFile}, for a file that is missing or is a folder.
 */
export async function sizeOfFile(path: string): Promise<number | undefined> {
  if (path === standard) return undefined;
  try {
    const info = await stat(path);
    if (info.isDirectory())
      throw Object.assign(new Error("it is a folder"), { code: "EISDIR", syscall: "read" });
    return info.isFile() ? info.size : undefined;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const hint = error.code === "EISDIR" ? "name the files in it" : undefined;
  return new SpanStoreError("NOT_FOUND", fileProblem("read", inputName(path), error), { hint, cause: error });
}
