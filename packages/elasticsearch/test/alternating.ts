import type { SpanStore } from "@spanstore/core";

/** Several stores on one namespace as one store: each call goes to the next, as behind a load balancer. */
export function alternating(stores: readonly SpanStore[]): SpanStore {
  let calls = 0;
  const next = (): SpanStore => stores[calls++ % stores.length] as SpanStore;
  const close = async (): Promise<void> => {
    await Promise.all(stores.map((store) => store.close()));
  };
  return {
    engine: next().engine,
    write: (...args) => next().write(...args),
    getTraces: (...args) => next().getTraces(...args),
    findTraces: (...args) => next().findTraces(...args),
    findTraceIds: (...args) => next().findTraceIds(...args),
    findTraceSummaries: (...args) => next().findTraceSummaries(...args),
    findSpans: (...args) => next().findSpans(...args),
    getServices: (...args) => next().getServices(...args),
    getOperations: (...args) => next().getOperations(...args),
    getDependencies: (...args) => next().getDependencies(...args),
    getMetrics: (...args) => next().getMetrics(...args),
    deleteBefore: (...args) => next().deleteBefore(...args),
    expire: (...args) => next().expire(...args),
    purge: (...args) => next().purge(...args),
    tenants: (...args) => next().tenants(...args),
    forTenant: (tenant) => alternating(stores.map((store) => store.forTenant(tenant))),
    capabilities: (...args) => next().capabilities(...args),
    stats: (...args) => next().stats(...args),
    health: (...args) => next().health(...args),
    close,
    [Symbol.asyncDispose]: close,
  };
}
