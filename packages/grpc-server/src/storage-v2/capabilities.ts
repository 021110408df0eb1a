import { messageCodec } from "@spanstore/client/wire";
import type { SearchCapabilities, SpanStore } from "@spanstore/core";
import type { UnaryMethod } from "@spanstore/rpc";

/** jaeger.storage.v2.Capabilities over a store. */
export function capabilities(store: SpanStore): Record<string, UnaryMethod> {
  const response = messageCodec<{ search: SearchCapabilities }>("jaeger.storage.v2.GetCapabilitiesResponse");
  return {
    GetCapabilities: async (_request, signal) =>
      response.encode({ search: await store.capabilities({ signal }) }),
  };
}
