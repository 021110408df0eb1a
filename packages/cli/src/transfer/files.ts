import { once } from "node:events";
import { createReadStream, createWriteStream, type Stats } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";

/** The name that stands for standard input or standard output. */
export const standard = "-";

/** What is read of a file at once. */
const readBytes = 1024 * 1024;

/**
 * The bytes of a file, or of standard input; unpacked when they are gzip's, whatever the file is called.
 * @param read is told how many bytes of the file were taken, packed as they are.
 */
export async function* readInput(
  path: string,
  signal: AbortSignal,
  read: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const input: Readable =
    path === standard ? process.stdin : createReadStream(path, { highWaterMark: readBytes });
  const abort = (): void => void input.destroy(new Error("aborted"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    const packed = counted(input, read);
    const first = await packed.next();
    if (first.done === true) return;
    const rest = prepended(first.value, packed);
    yield* first.value[0] === 0x1f && first.value[1] === 0x8b ? gunzipped(rest) : rest;
  } finally {
    signal.removeEventListener("abort", abort);
    input.destroy();
  }
}

async function* counted(
  input: Readable,
  read: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const bytes of input as AsyncIterable<Uint8Array>) {
    read(bytes.length);
    yield bytes;
  }
}

async function* prepended(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield first;
  yield* rest;
}

async function* gunzipped(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip({ chunkSize: readBytes });
  const fed = pipeline(packed, gunzip);
  // It is thrown where the bytes are read.
  fed.catch(() => undefined);
  yield* gunzip as AsyncIterable<Uint8Array>;
  await fed;
}

/** Where an export goes. */
export interface OutputFile {
  /** Resolves when more may be written. */
  write(text: string): Promise<void>;
  /** Resolves when everything is on its way to the disk, and the file has its name. */
  finish(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

/**
 * A file to write, packed when its name ends in `.gz`. It has another name until it is finished, so that half an
 * export is not taken for a whole one.
 */
export async function createOutputFile(path: string): Promise<OutputFile> {
  const isPlain = (await statOf(path))?.isFile() ?? true;
  const writtenTo = isPlain ? `${path}.part` : path;
  const file = createWriteStream(writtenTo);
  await once(file, "open");
  const gzip = path.endsWith(".gz") ? createGzip() : undefined;
  const top: Writable = gzip ?? file;
  const ended = gzip === undefined ? once(file, "close") : pipeline(gzip, file);
  let failure: unknown;
  ended.catch((error: unknown) => {
    failure ??= error;
  });
  return {
    async write(text) {
      if (failure !== undefined) throw failure;
      if (top.write(text)) return;
      await Promise.race([once(top, "drain"), ended]);
    },
    async finish() {
      top.end();
      await ended;
      if (isPlain) await rename(writtenTo, path);
    },
    async discard() {
      top.destroy();
      file.destroy();
      await ended.catch(() => undefined);
      if (isPlain) await rm(writtenTo, { force: true });
    },
  };
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}
