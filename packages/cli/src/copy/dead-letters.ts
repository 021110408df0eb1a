import { openDeadLetterFile } from "@spanstore/grpc-server/program";
import type { Unusable } from "./places/source.js";

/** The most bytes shown of a dead letter when there is no file for them. */
const maxShownBytes = 4 * 1024;

/** Records spans and documents that cannot be copied. */
export interface DeadLetters {
  add(what: Unusable): void;
  /** Resolves when everything is written. @throws the error of the file. */
  close(): Promise<void>;
}

/** Writes each as a line of JSON to a file: the reason, and the whole span or document in base64. None is dropped. */
export async function deadLettersInFile(path: string): Promise<DeadLetters> {
  let failure: { readonly error: unknown } | undefined;
  const file = await openDeadLetterFile({
    file: path,
    maxBytes: Number.POSITIVE_INFINITY,
    maxWaitingBytes: Number.POSITIVE_INFINITY,
    failed: (error, lost) => {
      if (lost > 0) failure ??= { error };
    },
  });
  return {
    add: (what) => file.append(lineOf(what)),
    async close() {
      await file.close();
      if (failure !== undefined) throw failure.error;
    },
  };
}

/** Writes the same lines to standard error, with long data cut. */
export function deadLettersShown(complain: (line: string) => void): DeadLetters {
  return {
    add: (what) => {
      const beginning = { ...what, encoded: what.encoded.subarray(0, maxShownBytes) };
      complain(`dead-letter ${lineOf(beginning, what.encoded.length)}`);
    },
    close: async () => {},
  };
}

function lineOf({ reason, where, encoded }: Unusable, size = encoded.length): string {
  return JSON.stringify({
    time: new Date().toISOString(),
    reason,
    ...(where !== undefined && { where }),
    span: Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length).toString("base64"),
    ...(encoded.length < size && { truncatedFrom: size }),
  });
}
