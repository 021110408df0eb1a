import { isSpanStoreError, SpanStoreError } from "@spanstore/core";
import { orAborted } from "@spanstore/core/engine";
import type { StoreThread } from "./thread-client.js";

/** The threads for calls of one kind. */
export interface ThreadPool {
  /**
   * The least busy thread; one more is started while all are busy and the pool is not full. A thread that has died is
   * replaced by the next call.
   * @throws STORE_UNAVAILABLE when no thread can be had, ABORTED when the signal fires before there is one.
   */
  readonly get: (signal?: AbortSignal) => Promise<StoreThread>;
  /** The running threads. */
  readonly running: () => readonly StoreThread[];
  /** Ends all threads, those too that are still starting. */
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
      // A thread that does not start needs no end.
      await Promise.allSettled([...starting]);
      await Promise.all([...threads].map((thread) => thread.close()));
    },
  };
}
