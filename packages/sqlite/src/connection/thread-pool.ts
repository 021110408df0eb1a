import type { StoreThread } from "./thread-client.js";

/** Where calls of one kind find their thread. */
export interface ThreadPool {
  /** The least busy thread; one more is started while all are busy and the pool is not full. */
  readonly get: () => Promise<StoreThread>;
  readonly close: () => Promise<void>;
}

export function createThreadPool(size: number, start: () => Promise<StoreThread>): ThreadPool {
  const starting: Promise<StoreThread>[] = [];
  const threads: StoreThread[] = [];

  const startOne = (): Promise<StoreThread> => {
    const thread = start().then(
      (started) => {
        threads.push(started);
        return started;
      },
      (error: unknown) => {
        // The next call tries again.
        starting.splice(starting.indexOf(thread), 1);
        throw error;
      },
    );
    starting.push(thread);
    return thread;
  };

  return {
    get: async () => {
      let idlest: StoreThread | undefined;
      for (const thread of threads)
        if (idlest === undefined || thread.busy() < idlest.busy()) idlest = thread;
      if (idlest !== undefined && (idlest.busy() === 0 || starting.length === size)) return idlest;
      return starting.length < size ? startOne() : (idlest ?? (starting[0] as Promise<StoreThread>));
    },
    close: async () => {
      await Promise.all(starting.map(async (thread) => (await thread).close()));
    },
  };
}

/** A pool of one thread that somebody else started and closes. */
export function poolOf(thread: StoreThread): ThreadPool {
  return { get: () => Promise.resolve(thread), close: () => Promise.resolve() };
}
