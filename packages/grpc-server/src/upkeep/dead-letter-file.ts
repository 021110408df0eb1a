import { type FileHandle, open, rename } from "node:fs/promises";
import { SpanStoreError } from "@spanstore/core";
import { messageOf } from "@spanstore/core/engine";

export interface DeadLetterFileOptions {
  readonly file: string;
  /** What this file and the one before it may occupy together. */
  readonly maxBytes: number;
  /** Lines that wait for the disk: beyond it they are lost, and told of as failed. Default: 8 MiB. */
  readonly maxWaitingBytes?: number;
  /** Told when lines could not be written, and how many. */
  readonly failed: (error: unknown, lines: number) => void;
}

/** Lines of JSON in a file that grows no larger than it may. */
export interface DeadLetterFile {
  /** The line is written soon; who reads the file may find it a moment later. */
  readonly append: (line: string) => void;
  /** Resolves when everything is written. */
  readonly close: () => Promise<void>;
}

const usualWaitingBytes = 8 * 1024 * 1024;

/**
 * Appends to a file until it has half of its size, then renames it to the same name with `.1` after it, in place of the
 * one before, and begins anew. What was there when the server started is kept and counts.
 * @throws INVALID_OPTIONS when the file can not be opened.
 */
export async function openDeadLetterFile(options: DeadLetterFileOptions): Promise<DeadLetterFile> {
  const { file: path, maxWaitingBytes = usualWaitingBytes, failed } = options;
  const half = Math.floor(options.maxBytes / 2);
  let file = await open(path, "a").catch((cause: unknown) => {
    const reason = messageOf(cause);
    throw new SpanStoreError("INVALID_OPTIONS", `the file of dead letters can not be opened: ${reason}`, {
      field: "dead-letters.file",
      cause,
    });
  });
  let size = (await file.stat()).size;
  let waiting: string[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> | undefined;

  const rotate = async (): Promise<void> => {
    await rename(path, `${path}.1`);
    const next: FileHandle = await open(path, "a");
    await file.close();
    file = next;
    size = 0;
  };

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const lines = waiting;
      waiting = [];
      waitingBytes = 0;
      let done = 0;
      try {
        for (const line of lines) {
          const bytes = Buffer.from(line);
          if (size > 0 && size + bytes.length > half) await rotate();
          await file.appendFile(bytes);
          size += bytes.length;
          done++;
        }
      } catch (error) {
        failed(error, lines.length - done);
      }
    }
    writing = undefined;
  };

  return {
    append: (line) => {
      const text = `${line}\n`;
      if (text.length > half || waitingBytes + text.length > maxWaitingBytes) {
        failed(
          new Error(text.length > half ? "the line is longer than the file may be" : "the disk is too slow"),
          1,
        );
        return;
      }
      waiting.push(text);
      waitingBytes += text.length;
      writing ??= write();
    },
    close: async () => {
      await writing;
      await file.close();
    },
  };
}
