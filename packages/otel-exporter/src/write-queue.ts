import { type SpanStore, SpanStoreError, type WriteResult } from "@spanstore/core";
import { createBackoff, createGroupCommit, type GroupItem, mayPass } from "@spanstore/core/engine";

export interface WriteQueue {
  /**
   * Resolves when the spans of an encoded request are durable.
   * @throws OVERLOADED when too many bytes wait, INVALID_TRACES when the request has a span that can never be stored, or the
   *   store's error.
   */
  write(request: Uint8Array): Promise<void>;
  /** Resolves when all earlier writes have succeeded or failed. */
  settled(): Promise<void>;
}

export interface WriteQueueOptions {
  readonly store: Pick<SpanStore, "write">;
  readonly timeoutMillis: number;
  readonly maxWaitingBytes: number;
}

type Group = readonly GroupItem<Uint8Array, void>[];

/** The most bytes written together. Stores accept much more, but larger writes gain nothing. */
const maxBytesPerWrite = 4 * 1024 * 1024;
const firstPauseMillis = 50;
const longestPauseMillis = 2_000;

/** Writes all waiting requests together, one write at a time, since a store's cost is mostly per write. */
export function createWriteQueue({ store, timeoutMillis, maxWaitingBytes }: WriteQueueOptions): WriteQueue {
  let waitingBytes = 0;
  const unsettled = new Set<Promise<void>>();

  const writeGroup = async (group: Group): Promise<void> => {
    // Concatenated requests are one request.
    const { rejected } = await writeInTime(Buffer.concat(group.map(({ item }) => item)));
    if (rejected.length === 0) for (const { resolve } of group) resolve();
    else if (group.length === 1) group[0]?.reject(refusal(rejected));
    // Writes each request again to find the rejected ones. Repeated spans are not stored twice.
    else for (const each of group) await writeGroup([each]);
  };

  const writeInTime = async (request: Uint8Array): Promise<WriteResult> => {
    const signal = AbortSignal.timeout(timeoutMillis);
    const { mayTryAgain, wait } = createBackoff({
      firstMillis: firstPauseMillis,
      longestMillis: longestPauseMillis,
      forMillis: timeoutMillis,
      began: performance.now(),
    });
    for (;;) {
      try {
        return await store.write(request, { signal });
      } catch (error) {
        if (signal.aborted) throw lateness(timeoutMillis, error);
        if (!mayPass(error) || !mayTryAgain()) throw error;
        await wait();
      }
    }
  };

  const write = createGroupCommit<Uint8Array, void>({
    bytesOf: ({ length }) => length,
    maxGroupBytes: maxBytesPerWrite,
    write: writeGroup,
  });

  return {
    async write(request) {
      if (waitingBytes + request.length > maxWaitingBytes && waitingBytes > 0) {
        throw new SpanStoreError("OVERLOADED", `more than ${maxWaitingBytes} bytes wait for the store`, {
          hint: "sample more, or raise maxWaitingBytes",
        });
      }
      waitingBytes += request.length;
      const written = write(request).finally(() => {
        waitingBytes -= request.length;
        unsettled.delete(written);
      });
      unsettled.add(written);
      await written;
    },
    async settled() {
      await Promise.allSettled(unsettled);
    },
  };
}

function lateness(timeoutMillis: number, cause: unknown): SpanStoreError {
  return new SpanStoreError("STORE_UNAVAILABLE", `the spans were not written within ${timeoutMillis} ms`, {
    cause,
  });
}

function refusal(rejected: WriteResult["rejected"]): SpanStoreError {
  const reasons = [...new Set(rejected.map(({ reason }) => reason))].join("; ");
  return new SpanStoreError("INVALID_TRACES", `${rejected.length} spans can never be stored: ${reasons}`);
}
