import { SpanStoreError } from "../../errors/errors.js";
import { orAborted } from "../../errors/or-aborted.js";
import { eachRead } from "../contract/each-read.js";
import type { SpanStore } from "../contract/span-store.js";
import { allDone } from "./all-done.js";
import { type StoreCalls, withLifecycle } from "./lifecycle.js";
import { openWhileUsed, type WhileUsed } from "./open-while-used.js";

/** The longest name of a tenant, in bytes of UTF-8. */
const maxNameBytes = 64;

/** How long the namespace of an idle tenant stays open, in an engine that persists. */
export const tenantIdleMillis = 60_000;

export interface Tenants {
  /** A handle that belongs to the caller. Closing it leaves the tenant's namespace open for other handles. */
  readonly forTenant: (tenant: string) => SpanStore;
  /** The tenants whose namespace is open. */
  readonly names: () => string[];
  readonly close: () => Promise<void>;
}

export interface TenantOptions {
  /** Answers reads of tenants without a namespace, since opening one creates it. Without it a read opens the namespace. */
  readonly nothing?: SpanStore;
  /** Lists the tenants that have a namespace. Without it, a tenant has one once this store has opened it. */
  readonly list?: () => Promise<readonly string[]>;
  /**
   * A namespace is closed when it was neither written nor read for this long; maintenance, such as retention, does not keep it
   * open. By default it stays open, as it must in an engine that loses its spans on close.
   */
  readonly idleMillis?: number;
}

/**
 * The stores of tenants: each namespace is opened when it is used, and closed when it is idle or when the parent store
 * closes.
 * @param open opens a tenant's namespace; the name has been checked.
 */
export function createTenants(
  engine: string,
  open: (tenant: string) => Promise<SpanStore>,
  { nothing, list, idleMillis }: TenantOptions,
): Tenants {
  const opened = new Map<string, WhileUsed<SpanStore>>();
  let closed = false;
  const throwIfClosed = (): void => {
    if (closed) throw new SpanStoreError("STORE_CLOSED", "the store is closed");
  };
  const opening = (tenant: string): WhileUsed<SpanStore> => {
    throwIfClosed();
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
  /** The tenants with a namespace at the last listing. */
  let listed: ReadonlySet<string> = new Set();
  const absent = async (tenant: string, signal: AbortSignal | undefined): Promise<SpanStore | undefined> => {
    const hasNamespace = (): boolean => listed.has(tenant) || opened.get(tenant)?.isOpen() === true;
    if (nothing === undefined || closed || hasNamespace()) return undefined;
    if (list !== undefined) listed = new Set(await orAborted(list(), signal));
    return hasNamespace() ? undefined : nothing;
  };
  return {
    forTenant: (tenant) => {
      checkTenantName(tenant);
      const space = {
        opening: () => opening(tenant),
        absent: (signal: AbortSignal | undefined) => absent(tenant, signal),
        throwIfClosed,
      };
      return withLifecycle({ engine, ...tenantCalls(space) });
    },
    names: () => [...opened.keys()],
    close: async () => {
      closed = true;
      await allDone([...opened.values()].map((own) => own.end()));
    },
  };
}

/** @throws INVALID_OPTIONS for a name that no store takes. */
export function checkTenantName(tenant: string): void {
  const bytes = Buffer.byteLength(tenant, "utf8");
  if (bytes > 0 && bytes <= maxNameBytes && !hasLoneSurrogate(tenant)) return;
  throw new SpanStoreError(
    "INVALID_OPTIONS",
    `a tenant's name must have 1 to ${maxNameBytes} bytes of UTF-8`,
    {
      field: "tenant",
    },
  );
}

/** A lone surrogate has no UTF-8: two names that differ only there would share a namespace. */
function hasLoneSurrogate(text: string): boolean {
  return Buffer.from(text, "utf8").toString("utf8") !== text;
}

interface TenantSpace {
  readonly opening: () => WhileUsed<SpanStore>;
  /** The store that answers for a tenant without a namespace; undefined when the tenant has one. */
  readonly absent: (signal: AbortSignal | undefined) => Promise<SpanStore | undefined>;
  /** @throws STORE_CLOSED when the tenants' store is closed. */
  readonly throwIfClosed: () => void;
}

/** The calls of a namespace that is open while it is used. */
function tenantCalls({ opening, absent, throwIfClosed }: TenantSpace): Omit<StoreCalls, "engine"> {
  type Work<Result> = (store: SpanStore) => Promise<Result>;
  const read = async <Result>(work: Work<Result>, signal: AbortSignal | undefined): Promise<Result> => {
    const nothing = await absent(signal);
    return nothing === undefined ? opening().use(work, signal) : work(nothing);
  };
  const visit = async <Result>(work: Work<Result>): Promise<Result> => {
    const nothing = await absent(undefined);
    return nothing === undefined ? opening().visit(work) : work(nothing);
  };
  const stream = async function* <Item>(
    start: (store: SpanStore) => AsyncIterable<Item>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Item, void> {
    const nothing = await absent(signal);
    yield* nothing === undefined ? opening().stream(start, signal) : start(nothing);
  };
  return {
    write: (traces, options) => opening().use((store) => store.write(traces, options), options?.signal),
    ...eachRead({
      call: (ask, options) => read((store) => ask(store), options?.signal),
      stream: (ask, options) => stream((store) => ask(store), options?.signal),
    }),
    deleteBefore: (time) => visit((store) => store.deleteBefore(time)),
    expire: (time, options) => visit((store) => store.expire(time, options)),
    purge: () => visit((store) => store.purge()),
    tenants: async () => {
      throwIfClosed();
      return [];
    },
    forTenant: (tenant) => {
      throw new SpanStoreError("INVALID_OPTIONS", `a tenant has no tenants of its own: ${tenant}`, {
        field: "tenant",
      });
    },
    capabilities: (options) => read((store) => store.capabilities(options), options?.signal),
    stats: () => visit((store) => store.stats()),
    health: (options) =>
      orAborted(
        visit((store) => store.health(options)),
        options?.signal,
      ),
    // The namespace stays open for other handles until it is idle.
    close: async () => {},
  };
}
