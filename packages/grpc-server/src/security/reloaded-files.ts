import { readFile } from "node:fs/promises";
import { fileProblem } from "../config/file-problem.js";

export interface ReloadOptions<T> {
  readonly files: readonly string[];
  /** Makes a value of the files' contents, in the order of the files. @throws to refuse them. */
  readonly parse: (contents: readonly Buffer[]) => T;
  /** The interval of checks, in milliseconds. */
  readonly intervalMs: number;
  /** Called with each new value after the first. */
  readonly changed: (value: T) => void;
  /** Called once for refused contents; the value stays. */
  readonly failed: (error: unknown) => void;
}

/** A value that follows the contents of files. It changes when they do. */
export interface Reloaded<T> {
  readonly current: () => T;
  /** Reads the files now. Resolves when their contents are in use, or refused. */
  readonly reload: () => Promise<void>;
  readonly stop: () => void;
}

/**
 * Reads files, and reads them again at every interval. It polls, since Kubernetes and others replace files by moving links,
 * which not every file watcher notices. Refused contents are tried again, since a certificate may become valid later.
 * @throws the error of `parse` for the first contents, or an error that names an unreadable file.
 */
export async function reloadedFiles<T>(options: ReloadOptions<T>): Promise<Reloaded<T>> {
  const { files, parse, intervalMs, changed, failed } = options;
  const read = (): Promise<Buffer[]> => Promise.all(files.map(contentOf));
  let seen = await read();
  let value = parse(seen);
  let lastProblem = "";
  let looking: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    try {
      const contents = await read();
      const isNew = !contents.every((content, i) => seen[i]?.equals(content));
      if (isNew) {
        value = parse(contents);
        seen = contents;
        changed(value);
      }
      lastProblem = "";
    } catch (error) {
      const problem = String(error);
      if (problem !== lastProblem) failed(error);
      lastProblem = problem;
    }
  };
  const lookOnce = (): Promise<void> => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  const timer = setInterval(() => void lookOnce(), intervalMs).unref();
  return {
    current: () => value,
    reload: async () => {
      // A check under way may have read the old files.
      await looking;
      await lookOnce();
    },
    stop: () => clearInterval(timer),
  };
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new Error(fileProblem("read", file, cause), { cause });
  }
}
