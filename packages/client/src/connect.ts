import type { ChannelCredentials } from "@grpc/grpc-js";
import { type RejectedSpan, type SpanStore, SpanStoreError } from "@spanstore/core";
import {
  createTenants,
  encodedTraces,
  splitByTrace,
  tenantIdleMillis,
  watchedFragments,
  withLifecycle,
} from "@spanstore/core/engine";
import { type AdminClient, createAdminClient } from "./connection/admin-client.js";
import { createRemoteCapabilities } from "./connection/capabilities.js";
import { type Channel, openChannel } from "./connection/channel.js";
import { type ClientTls, channelCredentials } from "./connection/client-tls.js";
import { askHealth } from "./connection/health.js";
import { read } from "./reads/answers.js";
import { createRemoteReads } from "./reads/reads.js";
import { decodeExportResponse } from "./wire/partial-success.js";
import { defaultTenantHeader, tenantHeaderOf } from "./wire/tenant-header.js";

export interface ConnectOptions {
  /** Credentials of grpc-js, in place of `tls`. Default: none, over plain TCP. */
  readonly credentials?: ChannelCredentials;
  /** Speak TLS, also with the admin port where its address begins with `https:`. Default: plain TCP. */
  readonly tls?: ClientTls;
  /** A bearer token, sent with every call. */
  readonly token?: string;
  /** Headers of every call. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The header that names a tenant, as in the server's tenancy.header, for `forTenant`. Default: x-tenant. */
  readonly tenantHeader?: string;
  /**
   * `http://HOST:PORT` of the server's admin port, for methods that storage.v2 has no calls for: `deleteBefore`, `purge`
   * (both need the server's --allow-purge), `expire`, `tenants` and `stats`. Without it these fail with UNSUPPORTED.
   */
  readonly admin?: string;
  /** The largest message accepted. Default: 64 MiB, as for the server. */
  readonly maxReceiveMessageBytes?: number;
}

const noBytes = new Uint8Array(0);
const exportMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/**
 * A SpanStore over gRPC: OTLP's TraceService for writing, jaeger.storage.v2 for reading. It connects at the first call and
 * reconnects when the connection breaks; tenants share the connection. Errors have the code and the field of the server's
 * store; STORE_UNAVAILABLE means that the server, or the store behind it, cannot be reached.
 *
 * `write` checks spans by the store's rules and sends the request whole. Spans that the server rejects beyond these, for
 * its own limits, are in `rejected` without their bytes, since the answer has only their count and the first reasons.
 * @param address HOST:PORT, or another name that gRPC resolves (`dns:///...`, `unix:...`).
 * @throws INVALID_OPTIONS naming the option at fault.
 */
export function connectSpanStore(address: string, options: ConnectOptions = {}): SpanStore {
  const { tls, token } = options;
  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const adminAccess = { address: options.admin, tls, headers: authorization };
  const channel = openChannel(address, {
    credentials: options.credentials ?? (tls && channelCredentials(tls)),
    serverName: tls?.serverName,
    metadata: { ...options.metadata, ...authorization },
    maxReceiveMessageBytes: options.maxReceiveMessageBytes ?? 64 * 1024 * 1024,
  });
  const tenants = createTenants(
    "grpc",
    async (tenant) => {
      const header = tenantHeaderOf(options.tenantHeader ?? defaultTenantHeader, tenant);
      return remoteStore(channel.with(header), createAdminClient(adminAccess, header), {
        forTenant: noTenantsOfItsOwn,
        close: async () => {},
      });
    },
    { idleMillis: tenantIdleMillis },
  );
  return remoteStore(channel, createAdminClient(adminAccess), {
    forTenant: tenants.forTenant,
    close: async () => {
      try {
        await tenants.close();
      } finally {
        channel.close();
      }
    },
  });
}

function noTenantsOfItsOwn(tenant: string): never {
  throw new SpanStoreError("INVALID_OPTIONS", `a tenant has no tenants of its own: ${tenant}`, {
    field: "tenant",
  });
}

function remoteStore(
  channel: Channel,
  admin: AdminClient,
  own: Pick<SpanStore, "forTenant" | "close">,
): SpanStore {
  const capabilities = createRemoteCapabilities(channel);
  return withLifecycle({
    engine: "grpc",
    ...createRemoteReads(channel, capabilities),

    write: async (traces, callOptions) => {
      const encoded = encodedTraces(traces);
      if (encoded.length === 0) return { accepted: 0, rejected: [] };
      const split = splitByTrace(encoded);
      const { spanCount, rejected } = split;
      const answer = await channel.unary(exportMethod, encoded, callOptions?.signal);
      const { rejectedSpans, errorMessage } = read(() => decodeExportResponse(answer));
      const more = Math.min(spanCount, Math.max(0, rejectedSpans - rejected.length));
      const unknown: RejectedSpan = { encoded: noBytes, reason: errorMessage || "the server rejects it" };
      const watched = callOptions?.watched;
      return {
        accepted: spanCount - more,
        rejected: [...rejected, ...new Array(more).fill(unknown)],
        ...(watched === undefined ? {} : { watched: watchedFragments(split, watched) }),
      };
    },
    deleteBefore: (timeUnixNano) => admin.deleteBefore(timeUnixNano),
    expire: (timeUnixNano, expireOptions) => admin.expire(timeUnixNano, expireOptions?.dryRun ?? false),
    purge: () => admin.purge(),
    tenants: () => admin.tenants(),
    capabilities: (callOptions) => capabilities.ask(callOptions?.signal),
    stats: () => admin.stats(),
    health: (healthOptions) => askHealth(channel, healthOptions?.signal),
    ...own,
  });
}
