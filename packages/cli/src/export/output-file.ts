import { once } from "node:events";
import { createWriteStream, type Stats } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { SpanStoreError } from "@spanstore/core";
import { fileProblem, isSystemError } from "@spanstore/grpc-server/program";

/** The file of an export. */
export interface OutputFile {
  /** Resolves when more may be written. */
  write(text: string): Promise<void>;
  /** Resolves when everything is written and the file has its final name. */
  finish(): Promise<void>;
  /** Removes the unfinished file. */
  discard(): Promise<void>;
}

/**
 * Creates a file, packed when its name ends in `.gz`. It has another name until it is finished, so that half an export
 * never looks like a whole one.
 * @param overwrites whether to replace an existing file.
 * @throws INVALID_OPTIONS naming the file when it cannot be written, or exists.
 */
export async function createOutputFile(path: string, overwrites: boolean): Promise<OutputFile> {
  const there = await statOf(path);
  if (there?.isDirectory()) throw refused(`${path} is a folder`, "name a file in it");
  const isPlain = there?.isFile() ?? true;
  const checkIsFree = async (): Promise<void> => {
    if (isPlain && !overwrites && (await statOf(path)) !== undefined) {
      throw refused(`${path} is there already`, "name another file, or replace it with --force");
    }
  };
  await checkIsFree();
  const writtenTo = isPlain ? `${path}.part` : path;
  const file = createWriteStream(writtenTo);
  await once(file, "open").catch((error: unknown) => {
    throw refused(fileProblem("write", path, error));
  });
  const gzip = path.endsWith(".gz") ? createGzip() : undefined;
  const top: Writable = gzip ?? file;
  const ended = gzip === undefined ? once(file, "close") : pipeline(gzip, file);
  let failure: unknown;
  ended.catch((error: unknown) => {
    failure ??= isSystemError(error) ? refused(fileProblem("write", path, error)) : error;
  });
  return {
    async write(text) {
      if (failure !== undefined) throw failure;
      if (top.write(text)) return;
      await Promise.race([once(top, "drain"), ended.catch(() => undefined)]);
      if (failure !== undefined) throw failure;
    },
    async finish() {
      top.end();
      await ended.catch(() => undefined);
      if (failure !== undefined) throw failure;
      // Another program may have created it meanwhile.
      await checkIsFree();
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

function refused(problem: string, hint?: string): SpanStoreError {
  return new SpanStoreError("INVALID_OPTIONS", problem, { hint });
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}
