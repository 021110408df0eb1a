import { SpanStoreError } from "../../errors/errors.js";
import { orAborted } from "../../errors/or-aborted.js";
import { eachRead } from "../contract/each-read.js";
import type { SpanStore } from "../contract/span-store.js";
import { allDone } from "./all-done.js";
import { type StoreCalls, withLifecycle } from "./lifecycle.js";
import { openWhileUsed, type WhileUsed } from "./open-while-used.js";

/** A tenant's name is at most this many bytes of UTF-8. */
const maxNameBytes = 64;

/** How long an idle tenant's space stays open, where opening it again brings it back. */
export const tenantIdleMillis = 60_000;

export interface Tenants {
  /** A handle of the caller's: closing it closes the handle and leaves the tenant's space to other handles. */
  readonly forTenant: (tenant: string) => SpanStore;
  /** Those whose space was opened, and is not closed again for want of use. */
  readonly names: () => string[];
  readonly close: () => Promise<void>;
}

export interface TenantOptions {
  /** Answers the reads of tenants that have no space, since opening makes one. Absent: reading opens the space. */
  readonly nothing?: SpanStore;
  /** Names the tenants that have a space. Absent: those have one that this store has opened. */
  readonly list?: () => Promise<readonly string[]>;
  /**
   * A space is closed when it was neither written nor read for so long; what maintains it, such as retention, does
   * not keep it open. Default: it stays open, which is right where closing it forgets its spans.
   */
  readonly idleMillis?: number;
}

/**
 * The stores of tenants: each a space of its own, opened when it is used, and closed with the store they were
 * asked of.
 * @param open opens a tenant's space; the name has been checked.
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
  /** Those that had a space when they were listed last. */
  let listed: ReadonlySet<string> = new Set();
  const absent = async (tenant: string, signal: AbortSignal | undefined): Promise<SpanStore | undefined> => {
    const isThere = (): boolean => listed.has(tenant) || opened.get(tenant)?.isOpen() === true;
    if (nothing === undefined || closed || isThere()) return undefined;
    if (list !== undefined) listed = new Set(await orAborted(list(), signal));
    return isThere() ? undefined : nothing;
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
  readonly absent: (signal: AbortSignal | undefined) => Promise<SpanStore | undefined>;
  /** @throws STORE_CLOSED when the tenants' store is closed. */
  readonly throwIfClosed: () => void;
}

/** The calls of a space that is open while it is used. */
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
    // The space stays open for other handles, and is closed when it is idle.
    close: async () => {},
  };
}
