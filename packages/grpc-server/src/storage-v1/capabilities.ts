import { messageCodec } from "@spanstore/client/wire";
import type { UnaryMethod } from "@spanstore/rpc";

interface CapabilitiesResponse {
  readonly archiveSpanReader: boolean;
  readonly archiveSpanWriter: boolean;
  readonly streamingSpanWriter: boolean;
}

/** The capabilities of storage.v1 that a server declares. */
export interface DeclaredCapabilities {
  readonly archive: boolean;
  /**
   * Whether Jaeger writes by streams. It then counts a span as written once it is sent. From 1.66 on it ends a stream with
   * the request that opened it, and loses the spans that other requests have sent on it.
   */
  readonly streaming: boolean;
}

/** jaeger.storage.v1.PluginCapabilities, which Jaeger calls once at its start. */
export function pluginCapabilities(declared: DeclaredCapabilities): Record<string, UnaryMethod> {
  const response = messageCodec<CapabilitiesResponse>("jaeger.storage.v1.CapabilitiesResponse").encode({
    archiveSpanReader: declared.archive,
    archiveSpanWriter: declared.archive,
    streamingSpanWriter: declared.streaming,
  });
  return { Capabilities: async () => response };
}
