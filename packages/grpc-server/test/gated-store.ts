import { openMemoryStore, type SpanStore } from "@spanstore/core";

/** A memory store whose writes wait for leave. */
export function gatedStore() {
  const inner = openMemoryStore();
  let writes = 0;
  let open = (): void => {};
  let gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let begun = (): void => {};
  let failure: Error | undefined;
  const store: SpanStore = {
    ...inner,
    async write(traces, options) {
      writes++;
      begun();
      await gate;
      if (failure !== undefined) throw failure;
      return inner.write(traces, options);
    },
  };
  return {
    store,
    writes: () => writes,
    /** Resolves when the next write has begun. */
    next: () =>
      new Promise<void>((resolve) => {
        begun = resolve;
      }),
    open: () => open(),
    fail: (error: Error) => {
      failure = error;
      open();
    },
    shut: () => {
      gate = new Promise<void>((resolve) => {
        open = resolve;
      });
    },
  };
}
