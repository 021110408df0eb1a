import { SpanStoreError } from "../../errors/errors.js";
import type { SpanStore } from "../contract/span-store.js";
import { openWhileUsed, type WhileUsed } from "./open-while-used.js";

/** A tenant's name is at most this many bytes of UTF-8. */
const maxNameBytes = 64;

export interface Tenants {
  readonly forTenant: (tenant: string) => SpanStore;
  /** Those whose space was opened, and is not closed again for want of use. */
  readonly names: () => string[];
  readonly close: () => Promise<void>;
}

/** Tenants whose spaces outlive their being open. */
export interface LastingTenants {
  /** Those that have a space. Reading as another opens none, since opening makes it. */
  readonly list: () => Promise<readonly string[]>;
  /** What answers the reads of those that have no space. */
  readonly nothing: SpanStore;
  /**
   * A store is closed when so long nobody has written to it or read of it; what maintains it, such as retention, does
   * not keep it open. Default: a minute.
   */
  readonly idleMillis?: number;
}

const defaultIdleMillis = 60_000;

/**
 * The stores of tenants: each a space of its own, opened when it is used, and closed with the store they were
 * asked of.
 * @param open opens a tenant's space; the name has been checked.
 * @param lasting absent where closing a store is forgetting its spans: then every one stays open.
 */
export function createTenants(
  engine: string,
  open: (tenant: string) => Promise<SpanStore>,
  lasting?: LastingTenants,
): Tenants {
  const opened = new Map<string, WhileUsed<SpanStore>>();
  const idleMillis = lasting && (lasting.idleMillis ?? defaultIdleMillis);
  let closed = false;
  const opening = (tenant: string): WhileUsed<SpanStore> => {
    if (closed) throw new SpanStoreError("STORE_CLOSED", "the store is closed");
    let own = opened.get(tenant);
    if (own === undefined) {
      const onIdle = (): void => void opened.delete(tenant);
      own = openWhileUsed(
        () => open(tenant),
        (store) => store.close(),
        { idleMillis, onIdle },
      );
      opened.set(tenant, own);
    }
    return own;
  };
  /** Those that had a space when they were listed last. */
  let listed: ReadonlySet<string> = new Set();
  const absent = async (tenant: string): Promise<SpanStore | undefined> => {
    const isThere = (): boolean => listed.has(tenant) || opened.get(tenant)?.isOpen() === true;
    if (lasting === undefined || closed || isThere()) return undefined;
    listed = new Set(await lasting.list());
    return isThere() ? undefined : lasting.nothing;
  };
  return {
    forTenant: (tenant) => {
      checkTenantName(tenant);
      return tenantStore(engine, {
        opening: () => opening(tenant),
        absent: () => absent(tenant),
        end: async () => (closed ? undefined : opening(tenant).end()),
      });
    },
    names: () => [...opened.keys()],
    close: async () => {
      closed = true;
      await Promise.all([...opened.values()].map((own) => own.end()));
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

interface TenantSpace {
  readonly opening: () => WhileUsed<SpanStore>;
  /** What answers for now, where there is nothing yet. */
  readonly absent: () => Promise<SpanStore | undefined>;
  readonly end: () => Promise<void>;
}

/** A store that is open while it is used. */
function tenantStore(engine: string, { opening, absent, end }: TenantSpace): SpanStore {
  type Work<Result> = (store: SpanStore) => Promise<Result>;
  const read = async <Result>(work: Work<Result>): Promise<Result> => {
    const nothing = await absent();
    return nothing === undefined ? opening().use(work) : work(nothing);
  };
  const visit = async <Result>(work: Work<Result>): Promise<Result> => {
    const nothing = await absent();
    return nothing === undefined ? opening().visit(work) : work(nothing);
  };
  const stream = async function* <Item>(
    start: (store: SpanStore) => AsyncIterable<Item>,
  ): AsyncGenerator<Item, void> {
    const nothing = await absent();
    yield* nothing === undefined ? opening().stream(start) : start(nothing);
  };
  return {
    engine,
    write: async (traces, options) => opening().use((store) => store.write(traces, options)),
    getTraces: (ids, options) => stream((store) => store.getTraces(ids, options)),
    findTraces: (query, options) => stream((store) => store.findTraces(query, options)),
    findTraceIds: (query, options) => read((store) => store.findTraceIds(query, options)),
    findTraceSummaries: (query, options) => stream((store) => store.findTraceSummaries(query, options)),
    findSpans: (query, options) => stream((store) => store.findSpans(query, options)),
    getServices: (options) => read((store) => store.getServices(options)),
    getOperations: (query, options) => read((store) => store.getOperations(query, options)),
    getDependencies: (query, options) => read((store) => store.getDependencies(query, options)),
    deleteBefore: (time) => visit((store) => store.deleteBefore(time)),
    expire: (time, options) => visit((store) => store.expire(time, options)),
    purge: () => visit((store) => store.purge()),
    tenants: async () => [],
    forTenant: (tenant) => {
      throw new SpanStoreError("INVALID_OPTIONS", `a tenant has no tenants of its own: ${tenant}`, {
        field: "tenant",
      });
    },
    capabilities: (options) => read((store) => store.capabilities(options)),
    stats: () => visit((store) => store.stats()),
    health: () => visit((store) => store.health()),
    close: end,
    [Symbol.asyncDispose]: end,
  };
}
