import { SpanStoreError } from "../../errors/errors.js";
import { orAborted } from "../../errors/or-aborted.js";

/** A resource that the first call opens, and that is closed when it is idle. */
export interface WhileUsed<T> {
  /**
   * Runs `work` with the resource. Concurrent calls share one attempt to open it; when the attempt fails they fail, and the
   * next call tries again. A call whose signal fires stops waiting for the attempt.
   */
  readonly use: <Result>(
    work: (subject: T) => Promise<Result>,
    signal?: AbortSignal | undefined,
  ) => Promise<Result>;
  /** As `use`, without extending the idle time: for maintenance, which does not keep the resource open. */
  readonly visit: <Result>(work: (subject: T) => Promise<Result>) => Promise<Result>;
  /** Uses the resource from the first item to the end of the loop. */
  readonly stream: <Item>(
    start: (subject: T) => AsyncIterable<Item>,
    signal?: AbortSignal | undefined,
  ) => AsyncIterable<Item>;
  readonly isOpen: () => boolean;
  /** Closes the resource; later calls fail with STORE_CLOSED. */
  readonly end: () => Promise<void>;
}

export interface IdleOptions {
  /** How long the resource stays open after the last use; default: until `end`. */
  readonly idleMillis?: number | undefined;
  /** Called after the resource was closed because it was idle. */
  readonly onIdle?: () => void;
}

export function openWhileUsed<T>(
  open: () => Promise<T>,
  close: (subject: T) => Promise<void>,
  { idleMillis = Number.POSITIVE_INFINITY, onIdle }: IdleOptions = {},
): WhileUsed<T> {
  let subject: Promise<T> | undefined;
  let closed: Promise<void> = Promise.resolve();
  let users = 0;
  let openUntil = 0;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  const enter = (): Promise<T> => {
    if (ended) return Promise.reject(new SpanStoreError("STORE_CLOSED", "the store is closed"));
    if (subject === undefined) {
      const opening = closed.then(open);
      subject = opening;
      opening.catch(() => {
        if (subject === opening) subject = undefined;
      });
    }
    return subject;
  };

  const closeNow = (): void => {
    const closing = subject;
    subject = undefined;
    // A failure to close is ignored: when it lasts, the next call meets it.
    if (closing !== undefined) closed = closing.then(close).catch(() => undefined);
    void closed.then(() => {
      if (users === 0 && subject === undefined && !ended) onIdle?.();
    });
  };

  const leave = (): void => {
    users--;
    if (users > 0 || ended || idleMillis === Number.POSITIVE_INFINITY) return;
    const remaining = openUntil - performance.now();
    if (remaining <= 0) closeNow();
    else timer = setTimeout(closeNow, remaining).unref();
  };

  const run = async <Result>(
    work: (subject: T) => Promise<Result>,
    signal?: AbortSignal | undefined,
  ): Promise<Result> => {
    users++;
    clearTimeout(timer);
    try {
      return await work(await orAborted(enter(), signal));
    } finally {
      leave();
    }
  };
  const extendIdle = (): void => {
    openUntil = performance.now() + idleMillis;
  };

  return {
    visit: run,
    use: (work, signal) => run((opened) => work(opened).finally(extendIdle), signal),
    stream: async function* (start, signal) {
      users++;
      clearTimeout(timer);
      try {
        yield* start(await orAborted(enter(), signal));
      } finally {
        extendIdle();
        leave();
      }
    },
    isOpen: () => subject !== undefined,
    end: async () => {
      ended = true;
      clearTimeout(timer);
      await closed;
      const last = await subject?.catch(() => undefined);
      if (last !== undefined) await close(last);
    },
  };
}
