import type { SpanStore } from "@spanstore/core";
import { encodedTraces } from "@spanstore/core/engine";

/** Called with an encoded request whose spans are durable. All listeners share the bytes and must not change them. */
export type ArrivalListener = (traces: Uint8Array) => void;

/** Publishes written spans to watchers. */
export interface Arrivals {
  /** Wraps a store so that its writes are published to the tenant's watchers. */
  tap(store: SpanStore, tenant: string | undefined): SpanStore;
  /** @returns a function that removes the listener. */
  listen(tenant: string | undefined, listener: ArrivalListener): () => void;
}

/** Without a watcher it costs nothing; with one it copies each request, since a store may keep the bytes. */
export function createArrivals(): Arrivals {
  const listeners = new Map<string | undefined, Set<ArrivalListener>>();
  return {
    tap: (store, tenant) => ({
      ...store,
      write: async (traces, options) => {
        if (!listeners.has(tenant)) return store.write(traces, options);
        // A Buffer's slice would be a view.
        const copy = new Uint8Array(encodedTraces(traces));
        const result = await store.write(traces, options);
        for (const listener of listeners.get(tenant) ?? []) listener(copy);
        return result;
      },
    }),
    listen(tenant, listener) {
      const others = listeners.get(tenant) ?? new Set();
      listeners.set(tenant, others.add(listener));
      return () => {
        others.delete(listener);
        if (others.size === 0) listeners.delete(tenant);
      };
    },
  };
}
