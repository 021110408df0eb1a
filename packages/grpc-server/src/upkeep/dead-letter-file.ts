import { type FileHandle, open, rename } from "node:fs/promises";
import { SpanStoreError } from "@spanstore/core";
import { fileProblem } from "../config/file-problem.js";

export interface DeadLetterFileOptions {
  readonly file: string;
  /** The most bytes of this file and the one before it together. */
  readonly maxBytes: number;
  /** The most bytes of lines that wait for the disk; further lines are lost. Default: 8 MiB. */
  readonly maxWaitingBytes?: number;
  /** The pause before a failed write is tried again, in milliseconds. Default: 1 s. */
  readonly retryMs?: number;
  /**
   * Called when lines cannot be written, once for each reason.
   * @param lost the number of lost lines; 0: they wait, and are tried again.
   */
  readonly failed: (error: unknown, lost: number) => void;
}

/** Lines of JSON in a file of bounded size. */
export interface DeadLetterFile {
  /** Writes the line a moment later. */
  readonly append: (line: string) => void;
  /** Opens the file again, after another program has moved it. */
  readonly reopen: () => void;
  /** Resolves when every line is written, or has failed one last time. */
  readonly close: () => Promise<void>;
}

const usualWaitingBytes = 8 * 1024 * 1024;
const usualRetryMs = 1000;

/**
 * Appends to a file up to half of the bound, then renames it to the same name with `.1`, which replaces an older one, and
 * begins a new file. It continues an existing file. Lines that cannot be written wait and are tried again.
 * @throws INVALID_OPTIONS when the file cannot be opened.
 */
export async function openDeadLetterFile(options: DeadLetterFileOptions): Promise<DeadLetterFile> {
  const { file: path, maxWaitingBytes = usualWaitingBytes, retryMs = usualRetryMs, failed } = options;
  const half = Math.floor(options.maxBytes / 2);
  let file = await open(path, "a").catch((cause: unknown) => {
    const problem = fileProblem("write", path, cause);
    throw new SpanStoreError("INVALID_OPTIONS", `the file of dead letters: ${problem}`, {
      field: "dead-letters.file",
      cause,
    });
  });
  let size = (await file.stat()).size;
  let isMoved = false;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let lastProblem = "";

  /** Opens a new file. The old one stays in use when the new one cannot be opened. */
  const openNext = async (): Promise<void> => {
    const before = file;
    const next: FileHandle = await open(path, "a");
    file = next;
    isMoved = false;
    await before.close().catch(() => {});
    size = (await next.stat()).size;
  };
  const rotate = async (): Promise<void> => {
    // The file is missing when another program has moved it, or when an earlier rotation could not open the next one.
    await rename(path, `${path}.1`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    await openNext();
  };

  const write = async (): Promise<void> => {
    let lines: readonly Buffer[] = [];
    let done = 0;
    try {
      while (waiting.length > 0 || isMoved) {
        if (isMoved) await openNext();
        lines = waiting;
        waiting = [];
        done = 0;
        for (const line of lines) {
          if (size > 0 && size + line.length > half) await rotate();
          await file.appendFile(line);
          size += line.length;
          waitingBytes -= line.length;
          done++;
        }
      }
      lastProblem = "";
    } catch (error) {
      waiting = [...lines.slice(done), ...waiting];
      // Cuts off a partly written line, which is written again whole.
      await file.truncate(size).catch(() => {});
      tell(error);
      retry = setTimeout(start, retryMs).unref();
    }
    writing = undefined;
  };
  const start = (): void => {
    clearTimeout(retry);
    retry = undefined;
    writing ??= write();
  };
  const tell = (error: unknown): void => {
    const problem = String(error);
    if (problem !== lastProblem) failed(error, 0);
    lastProblem = problem;
  };

  return {
    append: (line) => {
      const bytes = Buffer.from(`${line}\n`);
      if (bytes.length > half || waitingBytes + bytes.length > maxWaitingBytes) {
        const isLong = bytes.length > half;
        failed(new Error(isLong ? "the line is longer than the file may be" : "the disk is too slow"), 1);
        return;
      }
      waiting.push(bytes);
      waitingBytes += bytes.length;
      if (retry === undefined) start();
    },
    reopen: () => {
      isMoved = true;
      start();
    },
    close: async () => {
      await writing;
      if (waiting.length > 0) {
        start();
        await writing;
        clearTimeout(retry);
      }
      if (waiting.length > 0)
        failed(new Error(`the file does not take them: ${lastProblem}`), waiting.length);
      await file.close();
    },
  };
}
