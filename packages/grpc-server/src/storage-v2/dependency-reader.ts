import { checkRange, instant, latestNano, messageCodec, type Timestamp } from "@spanstore/client/wire";
import type { SpanStore } from "@spanstore/core";
import type { UnaryMethod } from "@spanstore/rpc";

interface GetDependenciesRequest {
  readonly startTime?: Timestamp;
  readonly endTime?: Timestamp;
}

interface ProtoDependency {
  readonly parent: string;
  readonly child: string;
  readonly callCount: string;
}

/**
 * The reader of dependencies over a store. An unset end of the time range leaves it open.
 * @param protocol the package of its messages, which are the same in both.
 */
export function dependencyReader(
  store: SpanStore,
  protocol: "jaeger.storage.v1" | "jaeger.storage.v2",
): Record<string, UnaryMethod> {
  const requestCodec = messageCodec<GetDependenciesRequest>(`${protocol}.GetDependenciesRequest`);
  const responseCodec = messageCodec<{ dependencies: ProtoDependency[] }>(
    `${protocol}.GetDependenciesResponse`,
  );
  return {
    async GetDependencies(request, signal) {
      const { startTime, endTime } = requestCodec.decode(request);
      const start = instant(startTime, "start_time");
      const end = instant(endTime, "end_time");
      checkRange(start, end, "start_time", "end_time");
      const window = { startTimeUnixNano: start ?? 0n, endTimeUnixNano: end ?? latestNano };
      const dependencies = await store.getDependencies(window, { signal });
      return responseCodec.encode({
        dependencies: dependencies.map(({ parent, child, callCount }) => ({
          parent,
          child,
          callCount: String(callCount),
        })),
      });
    },
  };
}
