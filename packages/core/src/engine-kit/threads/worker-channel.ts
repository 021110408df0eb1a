import { type TransferListItem, Worker, type WorkerOptions } from "node:worker_threads";
import type { SpanStoreError } from "../../errors/errors.js";

/** A thread of an engine, and the calls that wait for its answers. */
export interface WorkerChannel<Call> {
  /** @throws when the message cannot be cloned. */
  readonly post: (message: unknown, transfer?: readonly TransferListItem[]) => void;
  /** Registers a waiting call and returns its id. Waiting calls keep the process alive; an idle thread does not. */
  readonly add: (call: Call) => number;
  readonly get: (id: number) => Call | undefined;
  /** Replaces a waiting call. */
  readonly replace: (id: number, call: Call) => void;
  readonly remove: (id: number) => void;
  /** How many calls wait. */
  readonly waiting: () => number;
  /** The error of all later calls, once the thread has ended. */
  readonly end: () => SpanStoreError | undefined;
  /** Resolves when the thread has ended, for any reason. */
  readonly ended: Promise<void>;
  readonly terminate: () => Promise<void>;
}

/** A call that waits for an answer. */
export interface WaitingCall {
  /** Called when the thread has ended without an answer. */
  readonly error: (error: Error) => void;
}

export interface WorkerChannelOptions {
  readonly file: URL;
  /** The thread's name in diagnostics. */
  readonly name: string;
  readonly workerData: unknown;
  readonly resourceLimits?: WorkerOptions["resourceLimits"];
  readonly onMessage: (message: never) => void;
  /** The error of calls that still wait when the thread ends. */
  readonly endOf: (cause?: unknown) => SpanStoreError;
}

/** Starts a thread. */
export function createWorkerChannel<Call extends WaitingCall>({
  file,
  name,
  workerData,
  resourceLimits,
  onMessage,
  endOf,
}: WorkerChannelOptions): WorkerChannel<Call> {
  const worker = new Worker(file, {
    workerData,
    // The thread runs plain JavaScript and needs none of the process's flags, such as those of a loader.
    execArgv: [],
    name,
    ...(resourceLimits !== undefined && { resourceLimits }),
  });
  const calls = new Map<number, Call>();
  let lastId = 0;
  let end: SpanStoreError | undefined;

  const failAll = (error: SpanStoreError): void => {
    end ??= error;
    const waiting = [...calls.values()];
    calls.clear();
    for (const call of waiting) call.error(end);
  };
  const ended = new Promise<void>((resolve) => {
    worker.on("error", (cause) => failAll(endOf(cause)));
    worker.on("exit", () => {
      failAll(endOf());
      resolve();
    });
  });
  worker.on("message", (message: unknown) => onMessage(message as never));
  worker.unref();

  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    add: (call) => {
      if (calls.size === 0) worker.ref();
      calls.set(++lastId, call);
      return lastId;
    },
    get: (id) => calls.get(id),
    replace: (id, call) => {
      if (calls.has(id)) calls.set(id, call);
    },
    remove: (id) => {
      if (calls.delete(id) && calls.size === 0) worker.unref();
    },
    waiting: () => calls.size,
    end: () => end,
    ended,
    terminate: async () => {
      await worker.terminate();
    },
  };
}
