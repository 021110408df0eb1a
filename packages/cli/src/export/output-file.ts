import { once } from "node:events";
import { createWriteStream, type Stats } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

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
