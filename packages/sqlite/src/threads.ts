import { SpanStoreError } from "@spanstore/core";
import { startThread } from "./connection/thread-client.js";
import { createThreadPool, type ThreadPool } from "./connection/thread-pool.js";
import type { ThreadOptions } from "./connection/thread-protocol.js";
import { createQuickReads, type QuickReadsOfFile } from "./read/quick-reads.js";

export interface ThreadsOptions {
  readonly synchronous: "full" | "normal";
  /** Threads for searches. */
  readonly readers: number;
}

/** The threads of a store and all its tenants. Each thread serves every space. */
export interface StoreThreads {
  readonly writer: ThreadPool;
  readonly readers: ThreadPool;
  /** Counts calls and spans, which takes long. One thread holds the ledgers. */
  readonly counters: ThreadPool;
  /** Opens a space, creating or migrating it. */
  readonly open: (space: string) => Promise<void>;
  /** Reads on the caller's thread; undefined where only one connection sees the spans. */
  readonly quickReads: (space: string) => QuickReadsOfFile | undefined;
  /** Closes the space's connections on all threads. */
  readonly forget: (space: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export function createThreads({ synchronous, readers }: ThreadsOptions, inMemory: boolean): StoreThreads {
  const start = (role: ThreadOptions["role"]) => startThread({ synchronous, role });
  const open = async (writer: ThreadPool, space: string): Promise<void> => {
    await (await writer.get()).call({ space, method: "open", args: [] });
  };

  if (inMemory) {
    const pool = createThreadPool(
      1,
      once(() => start("both")),
    );
    return {
      writer: pool,
      readers: pool,
      counters: pool,
      open: (space) => open(pool, space),
      quickReads: () => undefined,
      forget: (space) => forget(pool, space),
      close: pool.close,
    };
  }

  const pools = {
    writer: createThreadPool(1, () => start("writer")),
    readers: createThreadPool(readers, () => start("reader")),
    counters: createThreadPool(1, () => start("reader")),
  };
  const quick = createQuickReads();
  return {
    ...pools,
    open: (space) => open(pools.writer, space),
    quickReads: quick.of,
    forget: async (space) => {
      quick.close(space);
      await Promise.all([forget(pools.readers, space), forget(pools.counters, space)]);
      // The writer closes last: only the last connection can empty the log.
      await forget(pools.writer, space);
    },
    close: async () => {
      quick.closeAll();
      await Promise.all([pools.readers.close(), pools.counters.close()]);
      await pools.writer.close();
    },
  };
}

async function forget(pool: ThreadPool, space: string): Promise<void> {
  await Promise.all(pool.running().map((thread) => thread.forget(space)));
}

/** Starts the thread only once, since a database in memory ends with its thread. */
function once<T>(start: () => Promise<T>): () => Promise<T> {
  let isStarted = false;
  return async () => {
    if (isStarted) {
      throw new SpanStoreError("STORE_UNAVAILABLE", "the thread that held the spans in memory has died", {
        hint: "open the store again; a store in a file outlives its threads",
      });
    }
    isStarted = true;
    return start();
  };
}
