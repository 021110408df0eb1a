import type { ChannelCredentials } from "@grpc/grpc-js";
import { encodedTraces, type SpanStore, SpanStoreError, splitByTrace, withLifecycle } from "@spanstore/core";
import { createAdminClient } from "./admin-client.js";
import { createRemoteCapabilities } from "./capabilities.js";
import { openChannel } from "./channel.js";
import { askHealth } from "./health.js";
import { createRemoteReads } from "./reads.js";

export interface ConnectOptions {
  /** Default: none, over plain TCP. */
  readonly credentials?: ChannelCredentials;
  /** Headers of every call. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * `http://HOST:PORT` of the server's admin port, for what storage.v2 has no calls for: `deleteBefore`,
   * `purge` (both need the server's --allow-purge) and `stats`. Without it these fail with UNSUPPORTED.
   */
  readonly admin?: string;
  /** The largest message taken. Default: 64 MiB, as the server's. */
  readonly maxReceiveMessageBytes?: number;
}

const exportMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/**
 * A SpanStore over gRPC: OTLP's TraceService for writing, jaeger.storage.v2 for reading. Nothing is
 * asked of the server before the first call, and a connection that breaks is made anew. Errors have the
 * code and the field that the server's store gave them; STORE_UNAVAILABLE means that the server, or the
 * store behind it, cannot be reached.
 *
 * The server does not tell which spans of a request it rejects: `write` judges them by the same rules
 * before it sends the request, which goes out whole.
 * @param address HOST:PORT, or another name that gRPC resolves (`dns:///...`, `unix:...`).
 * @throws INVALID_OPTIONS naming the option at fault.
 */
export function connectSpanStore(address: string, options: ConnectOptions = {}): SpanStore {
  const admin = createAdminClient(options.admin);
  const channel = openChannel(address, {
    credentials: options.credentials,
    metadata: options.metadata,
    maxReceiveMessageBytes: options.maxReceiveMessageBytes ?? 64 * 1024 * 1024,
  });
  const capabilities = createRemoteCapabilities(channel);
  return withLifecycle({
    engine: "grpc",
    ...createRemoteReads(channel, capabilities),

    write: async (traces, callOptions) => {
      const encoded = encodedTraces(traces);
      if (encoded.length === 0) return { accepted: 0, rejected: [] };
      const { spanCount, rejected } = splitByTrace(encoded);
      await channel.unary(exportMethod, encoded, callOptions?.signal);
      return { accepted: spanCount, rejected };
    },
    deleteBefore: (timeUnixNano) => admin.deleteBefore(timeUnixNano),
    purge: () => admin.purge(),
    forTenant: () => {
      throw new SpanStoreError("UNSUPPORTED", "jaeger.storage.v2 has no tenants", {
        hint: "connect with the metadata by which the server knows the tenant",
      });
    },
    capabilities: (callOptions) => capabilities.ask(callOptions?.signal),
    stats: () => admin.stats(),
    health: () => askHealth(channel),
    close: async () => channel.close(),
  });
}
