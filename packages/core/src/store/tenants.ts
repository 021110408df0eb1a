import { SpanStoreError } from "./errors.js";
import { openOnFirstCall } from "./opening.js";
import type { SpanStore } from "./span-store.js";

/** A tenant's name is at most this many bytes of UTF-8. */
const maxNameBytes = 64;

export interface Tenants {
  readonly forTenant: (tenant: string) => SpanStore;
  /** Those that were asked for. */
  readonly names: () => string[];
  readonly close: () => Promise<void>;
}

/**
 * The stores of tenants: each a space of its own, opened when it is first used, and closed with the store they
 * were asked of.
 * @param open opens a tenant's space; the name has been checked.
 */
export function createTenants(engine: string, open: (tenant: string) => Promise<SpanStore>): Tenants {
  const stores = new Map<string, SpanStore>();
  return {
    forTenant: (tenant) => {
      checkTenantName(tenant);
      let store = stores.get(tenant);
      if (store === undefined) {
        store = lazyStore(engine, () => open(tenant));
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

/** A store that is opened by its first call. */
function lazyStore(engine: string, open: () => Promise<SpanStore>): SpanStore {
  const { opened, stream, end } = openOnFirstCall(open);
  const close = async (): Promise<void> => {
    await (await end())?.close();
  };

  return {
    engine,
    write: async (traces, options) => (await opened()).write(traces, options),
    getTraces: (ids, options) => stream((store) => store.getTraces(ids, options)),
    findTraces: (query, options) => stream((store) => store.findTraces(query, options)),
    findTraceIds: async (query, options) => (await opened()).findTraceIds(query, options),
    findTraceSummaries: (query, options) => stream((store) => store.findTraceSummaries(query, options)),
    findSpans: (query, options) => stream((store) => store.findSpans(query, options)),
    getServices: async (options) => (await opened()).getServices(options),
    getOperations: async (query, options) => (await opened()).getOperations(query, options),
    getDependencies: async (query, options) => (await opened()).getDependencies(query, options),
    deleteBefore: async (time) => (await opened()).deleteBefore(time),
    expire: async (time, options) => (await opened()).expire(time, options),
    purge: async () => (await opened()).purge(),
    tenants: async () => [],
    forTenant: (tenant) => {
      throw new SpanStoreError("INVALID_OPTIONS", `a tenant has no tenants of its own: ${tenant}`, {
        field: "tenant",
      });
    },
    capabilities: async (options) => (await opened()).capabilities(options),
    stats: async () => (await opened()).stats(),
    health: async () => (await opened()).health(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
