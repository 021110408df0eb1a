import type { SpanStore } from "@spanstore/core";
import { encodedTraces, limitTraces, type SpanLimits } from "@spanstore/core/engine";

/** The same store, which takes no span beyond the limits: such are rejected one by one, their neighbours are written. */
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
