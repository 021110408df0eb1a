import { setTimeout as delay } from "node:timers/promises";
import { isSpanStoreError, type SpanStore, SpanStoreError, type WriteResult } from "@spanstore/core";

export interface WriteQueue {
  /**
   * Resolves when the spans of an encoded request are durable.
   * @throws OVERLOADED when too much waits already, INVALID_TRACES when the store can never keep a span of it, or
   * what the store says.
   */
  write(request: Uint8Array): Promise<void>;
  /** Resolves when what was written before has come to its end. */
  settled(): Promise<void>;
}

export interface WriteQueueOptions {
  readonly store: Pick<SpanStore, "write">;
  readonly timeoutMillis: number;
  readonly maxWaitingBytes: number;
}

interface Waiting {
  readonly request: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What is written together; a store takes much more, and joining more gains nothing. */
const maxBytesPerWrite = 4 * 1024 * 1024;
const firstPauseMillis = 50;
const longestPauseMillis = 2_000;

/** One write at a time, of all that waits: the store's cost is mostly by write. */
export function createWriteQueue({ store, timeoutMillis, maxWaitingBytes }: WriteQueueOptions): WriteQueue {
  const waiting: Waiting[] = [];
  let waitingBytes = 0;
  let draining: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = nextGroup(waiting);
      await writeGroup(group);
      for (const { request } of group) waitingBytes -= request.length;
    }
  };

  const writeGroup = async (group: readonly Waiting[]): Promise<void> => {
    try {
      // Requests one after the other are one request.
      const { rejected } = await writeInTime(Buffer.concat(group.map(({ request }) => request)));
      if (rejected.length === 0) for (const { resolve } of group) resolve();
      else if (group.length === 1) group[0]?.reject(refusal(rejected));
      // Whose spans they are is seen by writing again, which changes nothing.
      else for (const each of group) await writeGroup([each]);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };

  const writeInTime = async (request: Uint8Array): Promise<WriteResult> => {
    const signal = AbortSignal.timeout(timeoutMillis);
    const end = performance.now() + timeoutMillis;
    for (let pause = firstPauseMillis; ; pause = Math.min(2 * pause, longestPauseMillis)) {
      try {
        return await store.write(request, { signal });
      } catch (error) {
        if (signal.aborted) throw lateness(timeoutMillis, error);
        // Half of the pause is by chance, so that many exporters do not come back at once.
        const millis = pause * (0.5 + Math.random() / 2);
        if (!isPassing(error) || performance.now() + millis > end) throw error;
        await delay(millis);
      }
    }
  };

  return {
    async write(request) {
      if (waitingBytes + request.length > maxWaitingBytes && waitingBytes > 0) {
        throw new SpanStoreError("OVERLOADED", `more than ${maxWaitingBytes} bytes wait for the store`, {
          hint: "sample more, or raise maxWaitingBytes",
        });
      }
      waitingBytes += request.length;
      const written = new Promise<void>((resolve, reject) => {
        waiting.push({ request, resolve, reject });
      });
      draining ??= drain().finally(() => {
        draining = undefined;
      });
      await written;
    },
    async settled() {
      await draining;
    },
  };
}

function nextGroup(waiting: Waiting[]): Waiting[] {
  let bytes = 0;
  const full = waiting.findIndex(({ request }, i) => {
    bytes += request.length;
    return i > 0 && bytes > maxBytesPerWrite;
  });
  return waiting.splice(0, full < 0 ? waiting.length : full);
}

function isPassing(error: unknown): boolean {
  return isSpanStoreError(error) && (error.code === "STORE_UNAVAILABLE" || error.code === "OVERLOADED");
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
