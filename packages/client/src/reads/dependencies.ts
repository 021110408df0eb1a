import type { SpanStore } from "@spanstore/core";
import { checkTimeRange } from "@spanstore/core/engine";
import { isUnsupported } from "../connection/capabilities.js";
import type { Channel } from "../connection/channel.js";
import { dependencyOf, type ProtoDependency } from "../wire/metrics.js";
import { messageCodec } from "../wire/protos.js";
import { type createAnswerDecoder, read } from "./answers.js";
import type { createRequestEncoder } from "./requests.js";

/** getDependencies as a call of spanstore.metrics.v1, or of storage.v2 for a server without it. */
export function createDependencyReader(
  channel: Channel,
  requests: ReturnType<typeof createRequestEncoder>,
  answers: ReturnType<typeof createAnswerDecoder>,
): SpanStore["getDependencies"] {
  const requestCodec = messageCodec<object>("spanstore.metrics.v1.GetDependenciesRequest");
  const response = messageCodec<{ dependencies?: readonly ProtoDependency[] }>(
    "spanstore.metrics.v1.GetDependenciesResponse",
  );
  let isKnown = true;
  return async (query, options) => {
    const { min, max } = checkTimeRange(query.startTimeUnixNano, query.endTimeUnixNano, "startTime");
    if (isKnown) {
      try {
        const request = requestCodec.encode({ startTimeUnixNano: String(min), endTimeUnixNano: String(max) });
        const method = "/spanstore.metrics.v1.MetricsReader/GetDependencies";
        const answer = await channel.unary(method, request, options?.signal);
        return read(() => (response.decode(answer).dependencies ?? []).map(dependencyOf));
      } catch (error) {
        if (!isUnsupported(error)) throw error;
        isKnown = false;
      }
    }
    const method = "/jaeger.storage.v2.DependencyReader/GetDependencies";
    return answers.dependencies(await channel.unary(method, requests.dependencies(query), options?.signal));
  };
}
