import { isSpanStoreError, SpanStoreError } from "@spanstore/core";
import { orAborted } from "@spanstore/core/engine";
import type { StoreThread } from "./thread-client.js";

/** The threads for calls of one kind. */
export interface ThreadPool {
  /**
   * Returns an idle thread; else starts one, or returns the least busy one of a full pool. The next call replaces a thread
   * that has died.
   * @throws STORE_UNAVAILABLE when no thread starts, ABORTED when the signal fires first.
   */
  readonly get: (signal?: AbortSignal) => Promise<StoreThread>;
  /** The running threads. */
  readonly running: () => readonly StoreThread[];
  /** Ends all threads, including those that are still starting. */
  readonly close: () => Promise<void>;
}

export function createThreadPool(size: number, start: () => Promise<StoreThread>): ThreadPool {
  const starting = new Set<Promise<StoreThread>>();
  const threads = new Set<StoreThread>();
  let closed = false;

  const startOne = (): Promise<StoreThread> => {
    const thread = start().then(
      (started) => {
        starting.delete(thread);
        threads.add(started);
        void started.ended.then(() => threads.delete(started));
        return started;
      },
      (error: unknown) => {
        starting.delete(thread);
        throw error;
      },
    );
    starting.add(thread);
    return thread;
  };
  const idlest = (): StoreThread | undefined => {
    let found: StoreThread | undefined;
    for (const thread of threads) if (found === undefined || thread.busy() < found.busy()) found = thread;
    return found;
  };
  const getOne = async (): Promise<StoreThread> => {
    if (closed) throw new SpanStoreError("STORE_CLOSED", "the store is closed");
    const thread = idlest();
    const isFull = threads.size + starting.size >= size;
    if (thread !== undefined && (isFull || thread.busy() === 0)) return thread;
    try {
      return await (isFull ? ([...starting][0] as Promise<StoreThread>) : startOne());
    } catch (cause) {
      const other = idlest();
      if (other !== undefined) return other;
      if (isSpanStoreError(cause)) throw cause;
      throw new SpanStoreError("STORE_UNAVAILABLE", "a thread of the store cannot be started", { cause });
    }
  };

  return {
    get: (signal) => orAborted(getOne(), signal),
    running: () => [...threads],
    close: async () => {
      closed = true;
      // Threads that fail to start need no closing.
      await Promise.allSettled([...starting]);
      await Promise.all([...threads].map((thread) => thread.close()));
    },
  };
}
