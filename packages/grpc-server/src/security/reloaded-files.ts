import { readFile } from "node:fs/promises";

export interface ReloadOptions<T> {
  readonly files: readonly string[];
  /** Makes a value of the files' contents, in the order of the files. @throws what is wrong with them. */
  readonly parse: (contents: readonly Buffer[]) => T;
  /** How often the files are looked at, in milliseconds. */
  readonly intervalMs: number;
  /** Told of every value after the first. */
  readonly changed: (value: T) => void;
  /** Told once of contents that are no good; the value stays what it was. */
  readonly failed: (error: unknown) => void;
}

/** A value that follows the contents of files. */
export interface Reloaded<T> {
  readonly current: () => T;
  readonly stop: () => void;
}

/**
 * Reads files, and looks at them again and again: by their contents, since Kubernetes and others put new files in place
 * by moving links, of which not every watch is told.
 * @throws what `parse` throws of the first contents, or the system's error when a file cannot be read.
 */
export async function reloadedFiles<T>(options: ReloadOptions<T>): Promise<Reloaded<T>> {
  const { files, parse, intervalMs, changed, failed } = options;
  const read = (): Promise<Buffer[]> => Promise.all(files.map((file) => readFile(file)));
  let seen = await read();
  let value = parse(seen);
  let lastProblem = "";
  let looking = false;

  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const contents = await read();
      lastProblem = "";
      if (contents.every((content, i) => seen[i]?.equals(content))) return;
      seen = contents;
      value = parse(contents);
      changed(value);
    } catch (error) {
      const problem = String(error);
      if (problem !== lastProblem) failed(error);
      lastProblem = problem;
    } finally {
      looking = false;
    }
  };

  const timer = setInterval(() => void look(), intervalMs).unref();
  return { current: () => value, stop: () => clearInterval(timer) };
}
