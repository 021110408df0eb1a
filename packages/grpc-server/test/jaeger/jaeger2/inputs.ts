import type { ThriftSpan } from "./thrift.js";

export const ms = 1_000_000n;
export const now = BigInt(Math.floor(Date.now() / 1000)) * 1000n * ms;

/** In nanoseconds. Starts far enough apart that the order of the results is known. */
export const minutesAgo = (minutes: number): bigint => now - BigInt(minutes) * 60_000n * ms;
export const micros = (nanos: bigint): number => Number(nanos / 1000n);

export const serviceOf = (name: string) => ({
  attributes: [
    { key: "service.name", value: { stringValue: name } },
    { key: "service.version", value: { stringValue: "1.2.3" } },
  ],
});

/** Zipkin's JSON: a call from one service to another. */
export function zipkinSpans(traceId: string, start: bigint): readonly object[] {
  const both = { traceId, timestamp: micros(start), duration: 30_000 };
  return [
    {
      ...both,
      id: "c1c1c1c1c1c1c1c1",
      name: "get /legacy",
      kind: "SERVER",
      localEndpoint: { serviceName: "legacy-web" },
      tags: { "http.path": "/legacy" },
    },
    {
      ...both,
      id: "c2c2c2c2c2c2c2c2",
      parentId: "c1c1c1c1c1c1c1c1",
      name: "lookup",
      kind: "SERVER",
      localEndpoint: { serviceName: "legacy-users" },
    },
  ];
}

export const thriftId = "d4d4d4d4d4d4d4d4d5d5d5d5d5d5d5d5";

/** A span of {@link thriftId} with a tag of each type. */
export function thriftSpan(start: bigint): ThriftSpan {
  return {
    traceIdHigh: 0xd4d4d4d4d4d4d4d4n,
    traceIdLow: 0xd5d5d5d5d5d5d5d5n,
    spanId: 0xd1d1d1d1d1d1d1d1n,
    parentSpanId: 0n,
    operationName: "invoice",
    startTime: start / 1000n,
    duration: 45_000n,
    tags: { "span.kind": "consumer", "invoice.lines": 12n, "invoice.paid": true, "invoice.sum": 7.5 },
  };
}
