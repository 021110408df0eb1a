import { Worker } from "node:worker_threads";
import { SpanStoreError } from "@spanstore/core";
import { errorFromData, orAborted, threadFile, throwIfAborted } from "@spanstore/core/engine";
import type { Request, Response, ThreadOptions } from "./thread-protocol.js";

/** A call of a space, for a thread. */
export interface ThreadCall {
  readonly space: string;
  readonly method: string;
  readonly args: readonly unknown[];
  /** The call's options but for the signal. */
  readonly options?: object | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A thread of the store, seen from the thread of its user. */
export interface StoreThread {
  /** Calls and streams that have not ended. */
  readonly busy: () => number;
  /** Resolves when the thread has ended, whatever ended it. */
  readonly ended: Promise<void>;
  readonly call: <T>(call: ThreadCall, transfer?: readonly ArrayBuffer[]) => Promise<T>;
  readonly stream: <T>(call: ThreadCall) => AsyncIterable<T>;
  /** Closes what the thread has open of a space. */
  readonly forget: (space: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

interface Receiver {
  readonly value?: (value: unknown) => void;
  readonly items?: (items: readonly unknown[], bytes: number, last: boolean) => void;
  readonly error: (error: Error) => void;
}

/** Starts a thread and resolves when it takes calls. */
export async function startThread(options: ThreadOptions): Promise<StoreThread> {
  const worker = new Worker(threadFile("./thread.js", import.meta.url, "@spanstore/sqlite"), {
    workerData: options,
    // The thread is plain JavaScript: the process's own flags, such as a loader's, are not for it.
    execArgv: [],
    name: `spanstore-sqlite-${options.role}`,
  });
  const receivers = new Map<number, Receiver>();
  let nextId = 1;
  let end: SpanStoreError | undefined;
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
  /** Keeps the process alive while a call waits, and not for an idle store that was not closed. */
  const add = (id: number, receiver: Receiver): void => {
    if (receivers.size === 0) worker.ref();
    receivers.set(id, receiver);
  };
  const remove = (id: number): void => {
    if (receivers.delete(id) && receivers.size === 0 && onClosed === undefined) worker.unref();
  };
  const failAll = (error: SpanStoreError): void => {
    end ??= error;
    for (const receiver of [...receivers.values()]) receiver.error(end);
    receivers.clear();
  };
  const death = (cause?: unknown): SpanStoreError =>
    new SpanStoreError("STORE_UNAVAILABLE", "a thread of the store has died", {
      hint: "try again: another thread takes its place, and what was written before is not written twice",
      cause,
    });

  const ended = new Promise<void>((resolve) => {
    worker.on("error", (error) => failAll(death(error)));
    worker.on("exit", () => {
      failAll(onClosed === undefined ? death() : new SpanStoreError("STORE_CLOSED", "the store is closed"));
      onClosed?.();
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    void ended.then(() => reject(end));
    worker.on("message", (response: Response) => {
      switch (response.kind) {
        case "ready":
          return resolve();
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
  });
  worker.unref();

  const call = <T>(
    { space, method, args, options = {}, signal }: ThreadCall,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<T> => {
    const answer = new Promise<T>((resolve, reject) => {
      throwIfAborted(signal);
      if (end !== undefined) throw end;
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
        post({ kind: "call", id, space, method, args, options }, transfer);
      } catch (error) {
        settle();
        throw error;
      }
    });
    // The thread may be long in one step, which the caller need not wait for.
    return orAborted(answer, signal);
  };

  const stream = async function* <T>({
    space,
    method,
    args,
    options = {},
    signal,
  }: ThreadCall): AsyncGenerator<T, void, undefined> {
    throwIfAborted(signal);
    if (end !== undefined) throw end;
    const id = nextId++;
    const batches: { items: readonly unknown[]; bytes: number }[] = [];
    let done = false;
    let failure: Error | undefined;
    let wake: (() => void) | undefined;
    const abort = (): void => wake?.();
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
    signal?.addEventListener("abort", abort, { once: true });
    try {
      post({ kind: "stream", id, space, method, args, options });
      for (;;) {
        throwIfAborted(signal);
        const batch = batches.shift();
        if (batch !== undefined) {
          yield* batch.items as readonly T[];
          if (!done) post({ kind: "taken", id, bytes: batch.bytes });
        } else if (failure !== undefined) {
          throw failure;
        } else if (done) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      signal?.removeEventListener("abort", abort);
      leave(id, done || failure !== undefined);
    }
  };
  /** A stream that is left early keeps its thread busy until the thread has seen that. */
  const leave = (id: number, isOver: boolean): void => {
    if (isOver || end !== undefined) {
      remove(id);
      return;
    }
    receivers.set(id, {
      items: (_items, _bytes, last) => {
        if (last) remove(id);
      },
      error: () => remove(id),
    });
    post({ kind: "cancel", id });
  };

  const close = async (): Promise<void> => {
    if (end !== undefined) return ended;
    worker.ref();
    await new Promise<void>((resolve) => {
      onClosed = resolve;
      post({ kind: "close" });
    });
    await worker.terminate();
  };

  return {
    busy: () => receivers.size,
    ended,
    call,
    stream,
    forget: (space) =>
      new Promise((resolve) => {
        if (end !== undefined) return resolve();
        const id = nextId++;
        const settle = (): void => {
          remove(id);
          resolve();
        };
        // What has died has nothing open.
        add(id, { value: settle, error: settle });
        post({ kind: "forget", id, space });
      }),
    close,
  };
}
