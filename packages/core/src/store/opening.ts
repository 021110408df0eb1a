import { SpanStoreError } from "./errors.js";

/** What is opened by the first call that needs it. */
export interface Opening<T> {
  /** Calls at the same time share an opening; one that fails fails them, and is tried again by the next. */
  readonly opened: () => Promise<T>;
  readonly stream: <Item>(start: (subject: T) => AsyncIterable<Item>) => AsyncIterable<Item>;
  /** Later calls fail with STORE_CLOSED; resolves to what is to be closed, if it was opened. */
  readonly end: () => Promise<T | undefined>;
}

export function openOnFirstCall<T>(open: () => Promise<T>): Opening<T> {
  let opening: Promise<T> | undefined;
  let ended = false;

  const opened = (): Promise<T> => {
    if (ended) return Promise.reject(new SpanStoreError("STORE_CLOSED", "the store is closed"));
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  return {
    opened,
    stream: async function* (start) {
      yield* start(await opened());
    },
    end: async () => {
      ended = true;
      return opening?.catch(() => undefined);
    },
  };
}
