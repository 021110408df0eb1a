import { SpanStoreError } from "../errors/errors.js";
import { orAborted } from "../errors/or-aborted.js";
import { compareCodePoints } from "../model/text-order.js";
import type { TracesData } from "../model/trace.js";
import { encodeTraces } from "../otlp/encode.js";
import { allCapabilities } from "./contract/capabilities.js";
import type { Engine, ThreadedEngine } from "./contract/engine.js";
import type { SpanStore } from "./contract/span-store.js";
import { emptyEngine } from "./empty-engine.js";
import { expireSpans } from "./lifecycle/expire.js";
import { withLifecycle } from "./lifecycle/lifecycle.js";
import { createTenants, tenantIdleMillis } from "./lifecycle/tenants.js";
import { createStoreReads, withinBudgetFromThreads } from "./store-reads.js";

/**
 * Makes a store from an engine: adds validation, exact matching, ordering, assembly and lifecycle.
 * @param openTenant opens the engine of a tenant's namespace. Without it the store refuses tenants.
 * @param listTenants lists the tenants that have a namespace. With it the store closes idle engines, and a read of another
 *   tenant opens no engine. An engine that persists needs it: without it the store knows only the tenants that it has
 *   opened, and keeps their engines open, since closing an engine may lose its spans.
 */
export function createSpanStore(
  engine: Engine | ThreadedEngine,
  openTenant?: (tenant: string) => Promise<Engine | ThreadedEngine>,
  listTenants?: () => Promise<readonly string[]>,
): SpanStore {
  const tenants =
    openTenant &&
    createTenants(engine.name, async (tenant) => createSpanStore(await openTenant(tenant)), {
      nothing: createSpanStore(emptyEngine),
      ...(listTenants && { list: listTenants, idleMillis: tenantIdleMillis }),
    });
  const noTenants = (): never => {
    throw new SpanStoreError("INVALID_OPTIONS", `${engine.name} has no tenants`, { field: "tenant" });
  };
  const named = async (): Promise<readonly string[]> => (await listTenants?.()) ?? tenants?.names() ?? [];
  return withLifecycle({
    engine: engine.name,
    ...("reads" in engine ? withinBudgetFromThreads(engine.reads) : createStoreReads(engine)),
    write: async (traces, options) => {
      const encoded = encodedTraces(traces);
      if (encoded.length === 0) return { accepted: 0, rejected: [] };
      const handOver = options?.handOver === true || encoded !== traces;
      return engine.write(encoded, options?.signal, handOver, options?.watched);
    },
    deleteBefore: (timeUnixNano) => engine.deleteBefore(timeUnixNano),
    expire: (timeUnixNano, options) => expireSpans(engine, timeUnixNano, options?.dryRun ?? false),
    purge: () => engine.purge(),
    capabilities: async () => allCapabilities,
    stats: () => engine.stats(),
    health: (options) => orAborted(engine.health(), options?.signal),
    forTenant: tenants?.forTenant ?? noTenants,
    tenants: async () => [...(await named())].sort(compareCodePoints),
    close: async () => {
      try {
        await tenants?.close();
      } finally {
        await engine.close();
      }
    },
  });
}

/** Traces as OTLP bytes. */
export function encodedTraces(traces: Uint8Array | TracesData): Uint8Array {
  return traces instanceof Uint8Array ? traces : encodeTraces(traces);
}
