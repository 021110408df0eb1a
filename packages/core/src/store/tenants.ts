import { SpanStoreError } from "./errors.js";
import { openWhileUsed } from "./open-while-used.js";
import type { SpanStore } from "./span-store.js";

/** A tenant's name is at most this many bytes of UTF-8. */
const maxNameBytes = 64;

export interface Tenants {
  readonly forTenant: (tenant: string) => SpanStore;
  /** Those that were asked for. */
  readonly names: () => string[];
  readonly close: () => Promise<void>;
}

/** A tenant's store without calls is closed after this time, in milliseconds, and opened again by the next call. */
export const tenantIdleMillis = 60_000;

/**
 * The stores of tenants: each a space of its own, opened when it is used, and closed with the store they were
 * asked of.
 * @param open opens a tenant's space; the name has been checked.
 * @param idleMillis a store is closed, too, when so long nobody has written to it or read of it; what maintains it,
 *   such as retention, does not keep it open. Default: it stays open, as is right where closing forgets the spans.
 */
export function createTenants(
  engine: string,
  open: (tenant: string) => Promise<SpanStore>,
  idleMillis?: number,
): Tenants {
  const stores = new Map<string, SpanStore>();
  return {
    forTenant: (tenant) => {
      checkTenantName(tenant);
      let store = stores.get(tenant);
      if (store === undefined) {
        store = lazyStore(engine, () => open(tenant), idleMillis);
        stores.set(tenant, store);
      }
      return store;
    },
    names: () => [...stores.keys()],
    close: async () => {
      await Promise.all([...stores.values()].map((store) => store.close()));
    },
  };
}

/** @throws INVALID_OPTIONS for a name that no store takes. */
export function checkTenantName(tenant: string): void {
  const bytes = Buffer.byteLength(tenant, "utf8");
  if (bytes > 0 && bytes <= maxNameBytes && !hasLoneSurrogate(tenant)) return;
  throw new SpanStoreError("INVALID_OPTIONS", `a tenant's name has 1 to ${maxNameBytes} bytes`, {
    field: "tenant",
  });
}

/** Such text has no UTF-8, and two of them could end in one place. */
function hasLoneSurrogate(text: string): boolean {
  return Buffer.from(text, "utf8").toString("utf8") !== text;
}

/** A store that is open while it is used. */
function lazyStore(engine: string, open: () => Promise<SpanStore>, idleMillis?: number): SpanStore {
  const { use, visit, stream, end } = openWhileUsed(open, (store) => store.close(), idleMillis);
  return {
    engine,
    write: (traces, options) => use((store) => store.write(traces, options)),
    getTraces: (ids, options) => stream((store) => store.getTraces(ids, options)),
    findTraces: (query, options) => stream((store) => store.findTraces(query, options)),
    findTraceIds: (query, options) => use((store) => store.findTraceIds(query, options)),
    findTraceSummaries: (query, options) => stream((store) => store.findTraceSummaries(query, options)),
    findSpans: (query, options) => stream((store) => store.findSpans(query, options)),
    getServices: (options) => use((store) => store.getServices(options)),
    getOperations: (query, options) => use((store) => store.getOperations(query, options)),
    getDependencies: (query, options) => use((store) => store.getDependencies(query, options)),
    deleteBefore: (time) => visit((store) => store.deleteBefore(time)),
    expire: (time, options) => visit((store) => store.expire(time, options)),
    purge: () => visit((store) => store.purge()),
    tenants: async () => [],
    forTenant: (tenant) => {
      throw new SpanStoreError("INVALID_OPTIONS", `a tenant has no tenants of its own: ${tenant}`, {
        field: "tenant",
      });
    },
    capabilities: (options) => use((store) => store.capabilities(options)),
    stats: () => visit((store) => store.stats()),
    health: () => visit((store) => store.health()),
    close: end,
    [Symbol.asyncDispose]: end,
  };
}
