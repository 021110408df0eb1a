// A call of every method, and the expected answers of an empty store and of a store with one trace.
import { encodeTraces } from "../../../otlp/encode.js";
import type { CallOptions } from "../../../store/contract/calls.js";
import type { SpanStore } from "../../../store/contract/span-store.js";
import { labelsOf, readSpans, readSummaries, readTraces } from "../../contents.js";
import { baseTime, timeAt, traceIdOf, tracesOf } from "../../spans.js";

export type Method = Exclude<keyof SpanStore, "engine" | "close" | "forTenant" | typeof Symbol.asyncDispose>;
type Call = (store: SpanStore, options?: CallOptions) => Promise<unknown> | AsyncIterable<unknown>;

/** A call of every method. A new method must be added here to compile. */
export const calls: Readonly<Record<Method, Call>> = {
  write: (store, options) => store.write(oneTrace, options),
  getTraces: (store, options) => store.getTraces([traceIdOf(1), traceIdOf(2), traceIdOf(3)], options),
  findTraces: (store, options) => store.findTraces({}, options),
  findTraceIds: (store, options) => store.findTraceIds({}, options),
  findTraceSummaries: (store, options) => store.findTraceSummaries({}, options),
  findSpans: (store, options) => store.findSpans({}, options),
  getServices: (store, options) => store.getServices(options),
  getOperations: (store, options) => store.getOperations({ service: "shop" }, options),
  getDependencies: (store, options) =>
    store.getDependencies({ startTimeUnixNano: 0n, endTimeUnixNano: timeAt(1000) }, options),
  getMetrics: (store, options) =>
    store.getMetrics({ startTimeUnixNano: 0n, endTimeUnixNano: timeAt(1000) }, options),
  capabilities: (store, options) => store.capabilities(options),
  deleteBefore: (store) => store.deleteBefore(0n),
  expire: (store) => store.expire(0n),
  purge: (store) => store.purge(),
  tenants: (store) => store.tenants(),
  stats: (store) => store.stats(),
  health: (store, options) => store.health(options),
};
export const methods = Object.keys(calls) as Method[];
export const streams = ["getTraces", "findTraces"] as const satisfies readonly Method[];
export const uncancellable: readonly Method[] = ["deleteBefore", "expire", "purge", "tenants", "stats"];

export const oneTrace = tracesOf({ trace: 1, service: "shop" });
/** Reads return these in three chunks. */
export const threeTraces = tracesOf(
  { trace: 1, service: "shop", at: 3 },
  { trace: 2, service: "shop", at: 2 },
  { trace: 3, service: "shop", at: 1 },
);

/** The answers of a store to every read, to compare its states. */
export async function everything(store: SpanStore): Promise<unknown> {
  return {
    traces: await readTraces(store.findTraces({})),
    ids: await store.findTraceIds({}),
    summaries: await readSummaries(store.findTraceSummaries({})),
    spans: await readSpans(store.findSpans({})),
    services: await store.getServices(),
    operations: await store.getOperations({ service: "shop" }),
    dependencies: await store.getDependencies({ startTimeUnixNano: 0n, endTimeUnixNano: timeAt(1000) }),
    metrics: await store.getMetrics({ startTimeUnixNano: 0n, endTimeUnixNano: timeAt(1000) }),
  };
}

export const nothing = {
  metrics: [],
  traces: { traces: [], nextPageToken: undefined },
  ids: { traces: [] },
  summaries: { summaries: [], nextPageToken: undefined },
  spans: { spans: [], nextPageToken: undefined },
  services: [],
  operations: [],
  dependencies: [],
};

const label = labelsOf(encodeTraces(oneTrace))[0] as string;
export const justOneTrace = {
  traces: { traces: [{ traceId: traceIdOf(1), spans: [label], truncated: false }], nextPageToken: undefined },
  ids: {
    traces: [{ traceId: traceIdOf(1), startTimeUnixNano: baseTime, endTimeUnixNano: baseTime + 1_000_000n }],
  },
  summaries: {
    summaries: [
      {
        traceId: traceIdOf(1),
        rootServiceName: "shop",
        rootOperationName: "op",
        minStartTimeUnixNano: baseTime,
        maxEndTimeUnixNano: baseTime + 1_000_000n,
        spanCount: 1,
        errorSpanCount: 0,
        orphanSpanCount: 0,
        services: [{ name: "shop", spanCount: 1, errorSpanCount: 0 }],
      },
    ],
    nextPageToken: undefined,
  },
  spans: { spans: [label], nextPageToken: undefined },
  services: ["shop"],
  operations: [{ name: "op", spanKind: "" }],
  metrics: [
    {
      labels: {},
      points: [
        {
          startTimeUnixNano: 0n,
          calls: 1,
          errors: 0,
          latency: { zeroCount: 0, buckets: [{ index: 1275, count: 1 }] },
        },
      ],
    },
  ],
  dependencies: [],
};
