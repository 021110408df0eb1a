import { type SpanStore, SpanStoreError } from "@spanstore/core";

/** The store of archived traces. */
export interface Archive {
  /** Opens the archive at the first call. After a failure the next call tries again. */
  open(): Promise<SpanStore>;
  /** The archive, if it is open. */
  opened(): SpanStore | undefined;
  close(): Promise<void>;
}

export function createArchive(openStore: () => Promise<SpanStore>): Archive {
  let opening: Promise<SpanStore> | undefined;
  let opened: SpanStore | undefined;
  let closed = false;
  return {
    open() {
      if (closed) return Promise.reject(new SpanStoreError("STORE_CLOSED", "the archive is closed"));
      opening ??= openStore().then(
        (store) => {
          opened = store;
          return store;
        },
        (error: unknown) => {
          opening = undefined;
          throw error;
        },
      );
      return opening;
    },
    opened: () => opened,
    async close() {
      closed = true;
      const store = await opening?.catch(() => undefined);
      await store?.close();
    },
  };
}
