import { setMaxListeners } from "node:events";
import { SpanStoreError, throwIfAborted } from "../../errors/errors.js";
import type { CallOptions } from "../contract/calls.js";
import { eachRead } from "../contract/each-read.js";
import type { SpanStore } from "../contract/span-store.js";

/** The calls of a store without its lifecycle: `withLifecycle` adds closing and the check of the caller's signal. */
export type StoreCalls = Omit<SpanStore, typeof Symbol.asyncDispose>;

/**
 * Makes a SpanStore from its calls. `close` runs once, ends open streams with STORE_CLOSED and waits for calls in flight;
 * later calls fail with STORE_CLOSED. A call whose signal has fired already fails with ABORTED and does not reach the engine.
 */
export function withLifecycle(calls: StoreCalls): SpanStore {
  const closing = new AbortController();
  // Every open stream adds a listener, and Node warns of a leak above ten.
  setMaxListeners(0, closing.signal);
  let inFlight = 0;
  let closed: Promise<void> | undefined;
  let drained: (() => void) | undefined;

  const enter = (options: CallOptions | undefined): void => {
    if (closed !== undefined) throw new SpanStoreError("STORE_CLOSED", "the store is closed");
    throwIfAborted(options?.signal);
    inFlight++;
  };
  const leave = (): void => {
    inFlight--;
    if (inFlight === 0) drained?.();
  };

  const run = async <T>(options: CallOptions | undefined, call: () => Promise<T>): Promise<T> => {
    enter(options);
    try {
      return await call();
    } finally {
      leave();
    }
  };

  const stream = async function* <T>(
    options: CallOptions | undefined,
    call: (options: CallOptions) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    const { signal, release } = eitherSignal(closing.signal, options?.signal);
    let iterator: AsyncIterator<T> | undefined;
    let ended = false;
    try {
      for (;;) {
        enter(options);
        let result: IteratorResult<T>;
        try {
          iterator ??= call({ signal })[Symbol.asyncIterator]();
          result = await iterator.next();
        } catch (error) {
          ended = true;
          if (closed !== undefined)
            throw new SpanStoreError("STORE_CLOSED", "the store is closed", { cause: error });
          throw error;
        } finally {
          leave();
        }
        if (result.done === true) {
          ended = true;
          return;
        }
        yield result.value;
      }
    } finally {
      release();
      if (!ended) await iterator?.return?.();
    }
  };

  const close = (): Promise<void> => {
    closed ??= (async () => {
      closing.abort();
      if (inFlight > 0) {
        await new Promise<void>((resolve) => {
          drained = resolve;
        });
      }
      await calls.close();
    })();
    return closed;
  };

  return {
    engine: calls.engine,
    write: (traces, options) => run(options, () => calls.write(traces, options)),
    ...eachRead({
      call: (ask, options) => run(options, () => ask(calls)),
      stream: (ask, options) => stream(options, (own) => ask(calls, own)),
    }),
    deleteBefore: (time) => run(undefined, () => calls.deleteBefore(time)),
    expire: (time, options) => run(undefined, () => calls.expire(time, options)),
    purge: () => run(undefined, () => calls.purge()),
    tenants: () => run(undefined, () => calls.tenants()),
    forTenant: (tenant) => {
      if (closed !== undefined) throw new SpanStoreError("STORE_CLOSED", "the store is closed");
      return calls.forTenant(tenant);
    },
    capabilities: (options) => run(options, () => calls.capabilities(options)),
    stats: () => run(undefined, () => calls.stats()),
    health: (options) => run(options, () => calls.health(options)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A signal that fires with either one. AbortSignal.any costs more than a small read, and can not be released. */
function eitherSignal(
  store: AbortSignal,
  caller: AbortSignal | undefined,
): { signal: AbortSignal; release: () => void } {
  if (caller === undefined) return { signal: store, release: () => {} };
  const either = new AbortController();
  const abort = (): void => either.abort();
  store.addEventListener("abort", abort);
  caller.addEventListener("abort", abort);
  const release = (): void => {
    store.removeEventListener("abort", abort);
    caller.removeEventListener("abort", abort);
  };
  return { signal: either.signal, release };
}
