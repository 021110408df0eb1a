import type { SpanStore } from "@spanstore/core";
import { encodedTraces, limitTraces, type SpanLimits } from "@spanstore/core/engine";

/** The same store, which rejects spans beyond the limits one by one and writes their neighbours. */
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
