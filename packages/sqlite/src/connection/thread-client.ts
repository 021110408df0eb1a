import { SpanStoreError } from "@spanstore/core";
import {
  createWorkerChannel,
  errorFromData,
  orAborted,
  threadFile,
  throwIfAborted,
} from "@spanstore/core/engine";
import type { Request, Response, ThreadOptions } from "./thread-protocol.js";

/** A call for a space, to run on a thread. */
export interface ThreadCall {
  readonly space: string;
  readonly method: string;
  readonly args: readonly unknown[];
  /** The call's options without its signal. */
  readonly options?: object | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A thread of the store, as the caller's thread sees it. */
export interface StoreThread {
  /** The number of unfinished calls and streams. */
  readonly busy: () => number;
  /** Resolves when the thread has ended, for any reason. */
  readonly ended: Promise<void>;
  readonly call: <T>(call: ThreadCall, transfer?: readonly ArrayBuffer[]) => Promise<T>;
  readonly stream: <T>(call: ThreadCall) => AsyncIterable<T>;
  /** Closes the thread's connection to a space. */
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
  let onClosed: (() => void) | undefined;
  const death = (cause?: unknown): SpanStoreError =>
    new SpanStoreError("STORE_UNAVAILABLE", "a thread of the store has died", {
      hint: "retry: another thread takes its place, and spans are not stored twice",
      cause,
    });
  const ready = Promise.withResolvers<void>();
  const channel = createWorkerChannel<Receiver>({
    file: threadFile("./thread.js", import.meta.url, "@spanstore/sqlite"),
    name: `spanstore-sqlite-${options.role}`,
    workerData: options,
    endOf: (cause) =>
      onClosed === undefined ? death(cause) : new SpanStoreError("STORE_CLOSED", "the store is closed"),
    onMessage: (response: Response) => {
      switch (response.kind) {
        case "ready":
          return ready.resolve();
        case "value":
          return channel.get(response.id)?.value?.(response.value);
        case "items":
          return channel.get(response.id)?.items?.(response.items, response.bytes, response.last);
        case "error":
          return channel.get(response.id)?.error(errorFromData(response.error));
        case "closed":
          return onClosed?.();
      }
    },
  });
  const starting = channel.add({ error: ready.reject });
  await ready.promise;
  channel.remove(starting);

  const post = (request: Request, transfer: readonly ArrayBuffer[] = []): void => {
    try {
      channel.post(request, transfer);
    } catch (cause) {
      const problem =
        "the call cannot be sent to a thread: an argument holds a function or is nested too deeply";
      throw new SpanStoreError("INVALID_QUERY", problem, { cause });
    }
  };

  const throwIfEnded = (): void => {
    const end = channel.end();
    if (end !== undefined) throw end;
  };

  const call = <T>(
    { space, method, args, options = {}, signal }: ThreadCall,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<T> => {
    const answer = new Promise<T>((resolve, reject) => {
      throwIfAborted(signal);
      throwIfEnded();
      const cancel = (): void => post({ kind: "cancel", id });
      const settle = (): void => {
        channel.remove(id);
        signal?.removeEventListener("abort", cancel);
      };
      const id = channel.add({
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
    // The thread may be slow to see the abort; the caller does not wait for it.
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
    throwIfEnded();
    const batches: { items: readonly unknown[]; bytes: number }[] = [];
    let done = false;
    let failure: Error | undefined;
    let wake: (() => void) | undefined;
    const abort = (): void => wake?.();
    const id = channel.add({
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
  /** Cancels a stream. Its thread counts as busy until it has stopped. */
  const leave = (id: number, isOver: boolean): void => {
    if (isOver || channel.end() !== undefined) {
      channel.remove(id);
      return;
    }
    channel.replace(id, {
      items: (_items, _bytes, last) => {
        if (last) channel.remove(id);
      },
      error: () => channel.remove(id),
    });
    post({ kind: "cancel", id });
  };

  const close = async (): Promise<void> => {
    if (channel.end() !== undefined) return channel.ended;
    await new Promise<void>((resolve) => {
      onClosed = resolve;
      channel.add({ error: () => resolve() });
      post({ kind: "close" });
    });
    await channel.terminate();
  };

  return {
    busy: channel.waiting,
    ended: channel.ended,
    call,
    stream,
    forget: (space) =>
      new Promise((resolve) => {
        if (channel.end() !== undefined) return resolve();
        const settle = (): void => {
          channel.remove(id);
          resolve();
        };
        // A dead thread has nothing open, so its error settles the call too.
        const id = channel.add({ value: settle, error: settle });
        post({ kind: "forget", id, space });
      }),
    close,
  };
}
