import { checkSpanLimit, type StoreReads, summarize } from "@spanstore/core/engine";
import { isUnsupported, type RemoteCapabilities } from "../connection/capabilities.js";
import type { Channel } from "../connection/channel.js";
import { createAnswerDecoder } from "./answers.js";
import { createDependencyReader } from "./dependencies.js";
import { createMetricsReader } from "./metrics.js";
import { createRequestEncoder } from "./requests.js";
import { traceChunks, untilCut } from "./trace-chunks.js";
import { findTracePage } from "./trace-page.js";

const traceReader = "/jaeger.storage.v2.TraceReader";
const noMessage = new Uint8Array(0);

/** The reads of a SpanStore as calls of jaeger.storage.v2. */
export function createRemoteReads(channel: Channel, capabilities: RemoteCapabilities): StoreReads {
  const requests = createRequestEncoder();
  const answers = createAnswerDecoder();
  const reads: StoreReads = {
    async *getTraces(traceIds, options) {
      checkSpanLimit(options?.spanLimit);
      const request = requests.traces(traceIds);
      if (request.length === 0) return;
      const messages = channel.stream(`${traceReader}/GetTraces`, request, options?.signal);
      const chunks = traceChunks(messages, options?.spanLimit);
      yield* traceIds.length === 1 ? untilCut(chunks) : chunks;
    },
    async *findTraces(query, options = {}) {
      checkSpanLimit(query.spanLimit);
      if (query.page !== undefined) {
        yield* findTracePage(reads, query, options);
        return;
      }
      const request = requests.traceSearch(query);
      await capabilities.demand(query, options.signal);
      const messages = channel.stream(`${traceReader}/FindTraces`, request, options.signal);
      yield* traceChunks(messages, query.spanLimit);
    },
    async findTraceIds(query, options) {
      const request = requests.traceSearch(query);
      await capabilities.demand(query, options?.signal);
      return answers.traceIds(await channel.unary(`${traceReader}/FindTraceIDs`, request, options?.signal));
    },
    async *findTraceSummaries(query, options) {
      const request = requests.traceSearch(query);
      await capabilities.demand(query, options?.signal);
      const method = `${traceReader}/FindTraceSummaries`;
      try {
        for await (const message of channel.stream(method, request, options?.signal)) {
          const chunk = answers.summaries(message);
          if (chunk.summaries.length > 0) yield chunk;
        }
      } catch (error) {
        if (!isUnsupported(error) || query.page !== undefined) throw error;
        // Jaeger's servers leave summaries to their clients when their store has none.
        for await (const summary of summarize(reads.findTraces(query, options)))
          yield { summaries: [summary] };
      }
    },
    async *findSpans(query, options) {
      const request = requests.spanSearch(query);
      await capabilities.demand(query, options?.signal);
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
      return answers.operations(
        await channel.unary(`${traceReader}/GetOperations`, request, options?.signal),
      );
    },
    getDependencies: createDependencyReader(channel, requests, answers),
    getMetrics: createMetricsReader(channel),
  };
  return reads;
}
