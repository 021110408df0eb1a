import { SpanStoreError } from "@spanstore/core";
import { createWorkerChannel, errorFromData, threadFile, type WorkerChannel } from "@spanstore/core/engine";
import type { Request, Response, Space, ThreadOptions } from "./insert-thread-protocol.js";
import type { Inserter, Outcome, Prepared } from "./inserter.js";

/**
 * A thread that makes rows and inserts them, so that a large write does not delay searches. The first large write
 * starts it; if it dies, the next one starts another.
 */
export interface InsertThread {
  readonly inserterOf: (space: Space) => Inserter;
  readonly close: () => Promise<void>;
}

type Answer = readonly Prepared[] | Outcome;

interface Waiting {
  readonly resolve: (value: Answer) => void;
  readonly error: (error: Error) => void;
}

/** Rows live as long as their write: in a smaller young generation, each garbage collection would copy them. */
const youngMegabytes = 64;

/** The file that the thread runs. @throws DRIVER_UNAVAILABLE when it is missing. */
export function insertThreadFile(): URL {
  return threadFile("./insert-thread.js", import.meta.url, "@spanstore/manticore");
}

export function createInsertThread(file: URL, options: ThreadOptions): InsertThread {
  let channel: WorkerChannel<Waiting> | undefined;
  let isClosed = false;

  const start = (): WorkerChannel<Waiting> => {
    const started: WorkerChannel<Waiting> = createWorkerChannel<Waiting>({
      file,
      name: "spanstore-manticore-insert",
      workerData: options,
      resourceLimits: { maxYoungGenerationSizeMb: youngMegabytes },
      onMessage: (response: Response) => {
        const call = started.get(response.call);
        started.remove(response.call);
        if ("error" in response) call?.error(errorFromData(response.error));
        else call?.resolve(response.value);
      },
      // The next call starts another thread, so a retry succeeds.
      endOf: (cause) =>
        isClosed
          ? new SpanStoreError("STORE_CLOSED", "the store is closed")
          : new SpanStoreError("STORE_UNAVAILABLE", "the thread that writes has died", { cause }),
    });
    return started;
  };
  const ask = <T extends Answer>(
    make: (call: number) => Request,
    transfer?: readonly ArrayBuffer[],
  ): Promise<T> =>
    new Promise<Answer>((resolve, reject) => {
      if (channel === undefined || channel.end() !== undefined) channel = start();
      const call = channel.add({ resolve, error: reject });
      channel.post(make(call), transfer);
    }) as Promise<T>;

  return {
    inserterOf: (space) => ({
      prepare: (group, requests) => {
        const ends: number[] = [];
        let length = 0;
        for (const request of requests) {
          length += request.encoded.length;
          ends.push(length);
        }
        const encoded = new Uint8Array(length);
        requests.forEach((request, i) => {
          encoded.set(request.encoded, ends[i - 1] ?? 0);
        });
        const watched = requests.map((request) => request.watched);
        return ask(
          (call) => ({ kind: "prepare", space, call, group, encoded, ends, watched }),
          [encoded.buffer],
        );
      },
      insert: (group, requests, turn) =>
        ask((call) => ({ kind: "insert", space, call, group, requests, turn })),
      release: (group) => {
        channel?.post({ kind: "release", space, group });
      },
    }),
    close: async () => {
      isClosed = true;
      await channel?.terminate();
    },
  };
}
