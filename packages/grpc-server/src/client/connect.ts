import type { ChannelCredentials } from "@grpc/grpc-js";
import {
  checkSpanLimit,
  encodedTraces,
  isSpanStoreError,
  type SpanStore,
  type StoreReads,
  splitByTrace,
  withLifecycle,
} from "@spanstore/core";
import { createAdminClient } from "./admin-client.js";
import { createAnswerDecoder, searchCapabilities } from "./answers.js";
import { type Channel, openChannel } from "./channel.js";
import { askHealth } from "./health.js";
import { createRequestEncoder } from "./requests.js";
import { traceChunks } from "./trace-chunks.js";
import { findTracePage } from "./trace-page.js";

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

const traceReader = "/jaeger.storage.v2.TraceReader";
const noMessage = new Uint8Array(0);

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
  return withLifecycle({
    engine: "grpc",
    ...remoteReads(channel),

    write: async (traces, callOptions) => {
      const encoded = encodedTraces(traces);
      if (encoded.length === 0) return { accepted: 0, rejected: [] };
      const { spanCount, rejected } = splitByTrace(encoded);
      const method = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
      await channel.unary(method, encoded, callOptions?.signal);
      return { accepted: spanCount, rejected };
    },
    deleteBefore: (timeUnixNano) => admin.deleteBefore(timeUnixNano),
    purge: () => admin.purge(),
    capabilities: async (callOptions) => {
      try {
        const method = "/jaeger.storage.v2.Capabilities/GetCapabilities";
        return createAnswerDecoder().capabilities(await channel.unary(method, noMessage, callOptions?.signal));
      } catch (error) {
        // Jaeger's servers before the call was there, and those whose store does not know.
        if (isSpanStoreError(error) && error.code === "UNSUPPORTED") return searchCapabilities();
        throw error;
      }
    },
    stats: () => admin.stats(),
    health: () => askHealth(channel),
    close: async () => channel.close(),
  });
}

function remoteReads(channel: Channel): StoreReads {
  const requests = createRequestEncoder();
  const answers = createAnswerDecoder();
  const reads: StoreReads = {
    async *getTraces(traceIds, options) {
      checkSpanLimit(options?.spanLimit);
      const request = requests.traces(traceIds);
      if (request.length === 0) return;
      const messages = channel.stream(`${traceReader}/GetTraces`, request, options?.signal);
      yield* traceChunks(messages, options?.spanLimit);
    },
    async *findTraces(query, options = {}) {
      checkSpanLimit(query.spanLimit);
      if (query.page !== undefined) {
        yield* findTracePage(reads, query, options);
        return;
      }
      const request = requests.traceSearch(query);
      const messages = channel.stream(`${traceReader}/FindTraces`, request, options.signal);
      yield* traceChunks(messages, query.spanLimit);
    },
    async findTraceIds(query, options) {
      const request = requests.traceSearch(query);
      return answers.traceIds(await channel.unary(`${traceReader}/FindTraceIDs`, request, options?.signal));
    },
    async *findTraceSummaries(query, options) {
      const request = requests.traceSearch(query);
      for await (const message of channel.stream(`${traceReader}/FindTraceSummaries`, request, options?.signal)) {
        const chunk = answers.summaries(message);
        if (chunk.summaries.length > 0) yield chunk;
      }
    },
    async *findSpans(query, options) {
      const request = requests.spanSearch(query);
      for await (const message of channel.stream(`${traceReader}/FindSpans`, request, options?.signal)) {
        const chunk = answers.spans(message);
        if (chunk.encoded.length > 0) yield chunk;
      }
    },
    async getServices(options) {
      return answers.services(await channel.unary(`${traceReader}/GetServices`, noMessage, options?.signal));
    },
    async getOperations(query, options) {
      const request = requests.operations(query);
      return answers.operations(await channel.unary(`${traceReader}/GetOperations`, request, options?.signal));
    },
    async getDependencies(query, options) {
      const request = requests.dependencies(query);
      const method = "/jaeger.storage.v2.DependencyReader/GetDependencies";
      return answers.dependencies(await channel.unary(method, request, options?.signal));
    },
  };
  return reads;
}
