import { isSpanStoreError, type SpanStore } from "@spanstore/core";
import { createSpanStore, type Engine, lazyEngine, warnOnce } from "@spanstore/core/engine";
import { createClient } from "./connection/client.js";
import { forSenders } from "./connection/errors.js";
import { openEngine } from "./engine.js";
import { checkOptions, type ElasticsearchOptions } from "./options.js";
import { listTenants } from "./schema/catalog.js";
import { tenantPrefix } from "./schema/naming.js";

export type { WindowLength } from "@spanstore/core/engine";
export type {
  JaegerDocument,
  JaegerLog,
  JaegerProcess,
  JaegerReference,
  JaegerSpanDocument,
  JaegerTag,
} from "@spanstore/jaeger";
export {
  type JaegerIndices,
  type JaegerPage,
  type MicrosRange,
  openJaegerIndices,
} from "./jaeger-indices/open.js";
export type { JaegerIndicesOptions } from "./jaeger-indices/options.js";
export { diagnoseElasticsearch } from "./maintenance/diagnosis.js";
export type { ElasticsearchOptions } from "./options.js";

/**
 * Opens a store in Elasticsearch. Opening sends no request: the first call makes the control index and the templates. It
 * fails with STORE_UNAVAILABLE while no node answers, with UNAUTHENTICATED or PERMISSION_DENIED when the account is at fault,
 * and with INCOMPATIBLE_SCHEMA when a newer version, or another program, made the indices.
 * @throws INVALID_OPTIONS naming the option.
 */
export async function openElasticsearchStore(options: ElasticsearchOptions): Promise<SpanStore> {
  const settings = checkOptions(options);
  const client = createClient(settings);
  const onDifferences = warnOnce(options.warn);
  const open = (prefix: string): Engine =>
    forSending(lazyEngine("elasticsearch", () => openEngine({ client, settings, prefix, onDifferences })));
  const engine = open(settings.prefix);
  return createSpanStore(
    { ...engine, close: () => engine.close().finally(client.close) },
    async (tenant) => open(tenantPrefix(settings.prefix, tenant)),
    () => listTenants(client, settings.prefix),
  );
}

/** Gives senders errors that they can act on. The first write may also open the store. */
function forSending(engine: Engine): Engine {
  const write: Engine["write"] = async (...args) => {
    try {
      return await engine.write(...args);
    } catch (error) {
      throw isSpanStoreError(error) ? forSenders(error) : error;
    }
  };
  return { ...engine, write };
}
