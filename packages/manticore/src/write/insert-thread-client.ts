import { Worker } from "node:worker_threads";
import { SpanStoreError } from "@spanstore/core";
import { errorFromData, threadFile } from "@spanstore/core/engine";
import type { Request, Response, Space, ThreadOptions } from "./insert-thread-protocol.js";
import type { Inserter, Outcome, Prepared } from "./inserter.js";

/**
 * A thread that makes rows and inserts them, so that a large write does not keep searches waiting. It is started by the
 * first write, and again by the next one should it have died.
 */
export interface InsertThread {
  readonly inserterOf: (space: Space) => Inserter;
  readonly close: () => Promise<void>;
}

type Answer = readonly Prepared[] | Outcome;

interface Waiting {
  readonly resolve: (value: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Rows live as long as their write: with too little room for the young, each collection would copy them. */
const youngMegabytes = 64;

/** The file that the thread runs. @throws DRIVER_UNAVAILABLE when it is not there. */
export function insertThreadFile(): URL {
  return threadFile("./insert-thread.js", import.meta.url, "@spanstore/manticore");
}

export function createInsertThread(file: URL, options: ThreadOptions): InsertThread {
  let worker: Worker | undefined;
  let lastCall = 0;
  let waiting = new Map<number, Waiting>();

  const failAll = (error: SpanStoreError): void => {
    const all = waiting;
    waiting = new Map();
    for (const { reject } of all.values()) reject(error);
  };

  const start = (): Worker => {
    const started = new Worker(file, {
      workerData: options,
      // The thread is plain JavaScript: the process's own flags, such as a loader's, are not for it.
      execArgv: [],
      name: "spanstore-manticore-insert",
      resourceLimits: { maxYoungGenerationSizeMb: youngMegabytes },
    });
    const own = waiting;
    const fail = (cause?: unknown): void => {
      if (worker !== started) return;
      worker = undefined;
      // The next call starts another thread, so a caller that retries succeeds.
      failAll(new SpanStoreError("STORE_UNAVAILABLE", "the thread that writes has died", { cause }));
    };
    started.on("message", (response: Response) => {
      const call = own.get(response.call);
      own.delete(response.call);
      // The process stays alive for pending calls, and not for an idle store that was never closed.
      if (own.size === 0) started.unref();
      if ("error" in response) call?.reject(errorFromData(response.error));
      else call?.resolve(response.value);
    });
    started.on("error", fail);
    started.on("exit", () => fail());
    return started;
  };

  const post = (request: Request, transfer: readonly ArrayBuffer[] = []): void => {
    worker ??= start();
    worker.postMessage(request, transfer);
  };
  const ask = <T extends Answer>(
    make: (call: number) => Request,
    transfer?: readonly ArrayBuffer[],
  ): Promise<T> =>
    new Promise<Answer>((resolve, reject) => {
      const call = ++lastCall;
      post(make(call), transfer);
      worker?.ref();
      waiting.set(call, { resolve, reject });
    }) as Promise<T>;

  return {
    inserterOf: (space) => ({
      prepare: (group, requests) => {
        const ends: number[] = [];
        let length = 0;
        for (const request of requests) {
          length += request.length;
          ends.push(length);
        }
        const encoded = new Uint8Array(length);
        requests.forEach((request, i) => {
          encoded.set(request, ends[i - 1] ?? 0);
        });
        return ask((call) => ({ kind: "prepare", space, call, group, encoded, ends }), [encoded.buffer]);
      },
      insert: (group, requests, turn) =>
        ask((call) => ({ kind: "insert", space, call, group, requests, turn })),
      release: (group) => {
        if (worker !== undefined) post({ kind: "release", space, group });
      },
    }),
    close: async () => {
      const last = worker;
      worker = undefined;
      failAll(new SpanStoreError("STORE_CLOSED", "the store is closed"));
      await last?.terminate();
    },
  };
}
