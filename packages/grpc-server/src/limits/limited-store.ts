import type { SpanStore } from "@spanstore/core";
import { encodedTraces, limitTraces, type SpanLimits } from "@spanstore/core/engine";

/** Wraps a store so that it rejects single spans beyond the limits and writes the others. */
export function limitedStore(store: SpanStore, limits: SpanLimits | undefined): SpanStore {
  if (limits === undefined) return store;
  return {
    ...store,
    write: async (traces, options) => {
      const { encoded, rejected } = limitTraces(encodedTraces(traces), limits);
      const written = await store.write(encoded, options);
      return rejected.length === 0 ? written : { ...written, rejected: [...rejected, ...written.rejected] };
    },
  };
}
