import { Worker } from "node:worker_threads";
import { SpanStoreError } from "@spanstore/core";
import { errorFromData, threadFile } from "@spanstore/core/engine";
import type { Request, Response, ThreadOptions } from "./thread-protocol.js";

/** A thread of the store, seen from the thread of its user. */
export interface StoreThread {
  /** Calls and streams that have not ended. */
  readonly busy: () => number;
  readonly call: <T>(
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
    transfer?: readonly ArrayBuffer[],
  ) => Promise<T>;
  /** @param options the call's options but for the signal. */
  readonly stream: <T>(
    method: string,
    args: readonly unknown[],
    options: object,
    signal?: AbortSignal,
  ) => AsyncIterable<T>;
  readonly close: () => Promise<void>;
}

interface Receiver {
  readonly value?: (value: unknown) => void;
  readonly items?: (items: readonly unknown[], bytes: number, last: boolean) => void;
  readonly error: (error: Error) => void;
}

/** Starts a thread and resolves when its connection is open. */
export async function startThread(options: ThreadOptions): Promise<StoreThread> {
  const worker = new Worker(threadFile("./thread.js", import.meta.url, "@spanstore/sqlite"), {
    workerData: options,
    // The thread is plain JavaScript: the process's own flags, such as a loader's, are not for it.
    execArgv: [],
    name: `spanstore-sqlite-${options.role}`,
  });
  const receivers = new Map<number, Receiver>();
  let nextId = 1;
  let ended: SpanStoreError | undefined;
  let onClosed: (() => void) | undefined;

  const post = (request: Request, transfer: readonly ArrayBuffer[] = []): void => {
    try {
      worker.postMessage(request, transfer);
    } catch (cause) {
      const problem =
        "what was asked can not be handed to a thread: it holds a function or is nested too deeply";
      throw new SpanStoreError("INVALID_QUERY", problem, { cause });
    }
  };
  /** The process stays alive for what it waits for, and not for an idle store that nobody closed. */
  const add = (id: number, receiver: Receiver): void => {
    if (receivers.size === 0) worker.ref();
    receivers.set(id, receiver);
  };
  const remove = (id: number): void => {
    if (receivers.delete(id) && receivers.size === 0 && onClosed === undefined) worker.unref();
  };
  const failAll = (error: SpanStoreError): void => {
    ended = error;
    for (const receiver of [...receivers.values()]) receiver.error(error);
    receivers.clear();
  };

  await new Promise<void>((resolve, reject) => {
    worker.on("message", (response: Response) => {
      switch (response.kind) {
        case "ready":
          return resolve();
        case "failed":
          return reject(errorFromData(response.error));
        case "value":
          return receivers.get(response.id)?.value?.(response.value);
        case "items":
          return receivers.get(response.id)?.items?.(response.items, response.bytes, response.last);
        case "error":
          return receivers.get(response.id)?.error(errorFromData(response.error));
        case "closed":
          return onClosed?.();
      }
    });
    worker.on("error", (error) => {
      const failure = new SpanStoreError("INTERNAL", "a thread of the store has died", { cause: error });
      failAll(failure);
      reject(failure);
    });
    worker.on("exit", () => {
      const failure = new SpanStoreError("STORE_CLOSED", "the store is closed");
      failAll(failure);
      reject(failure);
      onClosed?.();
    });
  });
  worker.unref();

  const call = <T>(
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (ended !== undefined) return reject(ended);
      const id = nextId++;
      const cancel = (): void => post({ kind: "cancel", id });
      const settle = (): void => {
        remove(id);
        signal?.removeEventListener("abort", cancel);
      };
      add(id, {
        value: (value) => {
          settle();
          resolve(value as T);
        },
        error: (error) => {
          settle();
          reject(error);
        },
      });
      signal?.addEventListener("abort", cancel, { once: true });
      try {
        post({ kind: "call", id, method, args }, transfer);
      } catch (error) {
        settle();
        reject(error);
      }
    });

  const stream = async function* <T>(
    method: string,
    args: readonly unknown[],
    options: object,
    signal?: AbortSignal,
  ): AsyncGenerator<T, void, undefined> {
    if (ended !== undefined) throw ended;
    const id = nextId++;
    const batches: { items: readonly unknown[]; bytes: number }[] = [];
    let done = false;
    let failure: Error | undefined;
    let wake: (() => void) | undefined;
    const cancel = (): void => post({ kind: "cancel", id });
    add(id, {
      items: (items, bytes, last) => {
        if (items.length > 0) batches.push({ items, bytes });
        done = last;
        wake?.();
      },
      error: (error) => {
        failure = error;
        wake?.();
      },
    });
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      post({ kind: "stream", id, method, args, options });
      for (;;) {
        const batch = batches.shift();
        if (batch !== undefined) {
          yield* batch.items as readonly T[];
          if (!done) post({ kind: "taken", id, bytes: batch.bytes });
        } else if (failure !== undefined) {
          throw failure;
        } else if (done) {
          if (signal?.aborted) throw new SpanStoreError("ABORTED", "the call was cancelled");
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      signal?.removeEventListener("abort", cancel);
      if (!done && failure === undefined && ended === undefined) cancel();
      remove(id);
    }
  };

  const close = async (): Promise<void> => {
    if (ended !== undefined) return;
    worker.ref();
    await new Promise<void>((resolve) => {
      onClosed = resolve;
      post({ kind: "close" });
    });
    await worker.terminate();
  };

  return { busy: () => receivers.size, call, stream, close };
}
