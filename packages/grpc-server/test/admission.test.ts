import { status } from "@grpc/grpc-js";
import type { WriteResult } from "@spanstore/core";
import { expect, it } from "vitest";
import { errorOf, exportRequest, messageType, serve, spanId, storeWith, traceId } from "./harness.js";

it("refuses writes beyond the bound, says when to come again, and takes them when there is room", async () => {
  const release: (() => void)[] = [];
  let arrived: (() => void) | undefined;
  const served = await serve({
    maxWaitingBytes: 1000,
    store: storeWith({
      write: () =>
        new Promise<WriteResult>((resolve) => {
          release.push(() => resolve({ accepted: 1, rejected: [] }));
          arrived?.();
        }),
    }),
  });
  try {
    const request = (length: number) =>
      exportRequest({ traceId: traceId(1), spanId: spanId(1), attributes: { filler: "x".repeat(length) } });
    const arrival = (): Promise<void> =>
      new Promise((resolve) => {
        arrived = resolve;
      });
    const first = arrival();
    // Larger than the bound, and alone.
    const large = served.client.unary("Export", request(2000));
    await first;
    const refused = await errorOf(served.client.unary("Export", request(1)));
    expect(refused.code).toBe(status.RESOURCE_EXHAUSTED);
    const details = refused.metadata.get("grpc-status-details-bin")[0] as Buffer;
    const { details: parts } = messageType("google.rpc.Status").deserialize(details);
    expect(
      parts.map((part: { type_url: string; typeUrl: string }) => part.typeUrl ?? part.type_url),
    ).toContain("type.googleapis.com/google.rpc.RetryInfo");
    // Reads are answered meanwhile.
    await served.client.unary("jaeger.storage.v2.TraceReader/GetServices", {});
    release[0]?.();
    await large;
    const second = arrival();
    const small = served.client.unary("Export", request(1));
    await second;
    release[1]?.();
    await small;
  } finally {
    for (const each of release) each();
    await served.stop();
  }
});
