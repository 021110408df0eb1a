import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exportRequest, messageType, type Served, serve, spanId, traceId } from "../harness.js";

const tracesData = messageType("opentelemetry.proto.trace.v1.TracesData");
const second = 1_000_000_000n;
const epoch = 1_700_000_000n * second;

/** Trace 1: frontend calls cart, which fails. Trace 2: cart alone, ten seconds later. */
const request = exportRequest(
  {
    traceId: traceId(1),
    spanId: spanId(1),
    service: "frontend",
    name: "GET /cart",
    kind: 2,
    start: epoch,
    end: epoch + 3n * second,
    attributes: { big: 9_007_199_254_740_993n },
  },
  {
    traceId: traceId(1),
    spanId: spanId(2),
    parentSpanId: spanId(1),
    service: "cart",
    name: "load",
    kind: 3,
    start: epoch + second,
    end: epoch + 2n * second,
    attributes: { user: "u1" },
  },
  {
    traceId: traceId(2),
    spanId: spanId(3),
    service: "cart",
    name: "load",
    kind: 0,
    start: epoch + 10n * second,
    end: epoch + 10n * second + 5n,
    attributes: { user: "u2" },
  },
);

describe("jaeger.storage.v2 and OTLP", () => {
  let served: Served;
  const found = async (query: object) => {
    const answer = await served.client.unary("FindTraceIDs", { query });
    return answer.traceIds.map((trace: { traceId: Buffer }) => trace.traceId.toString("hex"));
  };

  beforeEach(async () => {
    served = await serve();
    // Without fields: partial_success would say that spans were lost.
    expect(await served.client.unary("Export", request)).toEqual({ partialSuccess: null });
  });
  afterEach(() => served.stop());

  it("gives a trace back as it came", async () => {
    const chunks = await served.client.collect("GetTraces", {
      query: [{ traceId: Buffer.from(traceId(1), "hex") }],
    });
    const spans = chunks.flatMap((chunk) => chunk.resourceSpans);
    expect(spans).toEqual(tracesData.deserialize(request).resourceSpans.slice(0, 2));
  });

  it("answers traces in the order of the ids, one a chunk, and nothing for an unknown id", async () => {
    const query = [3, 2, 1].map((n) => ({ traceId: Buffer.from(traceId(n), "hex") }));
    const chunks = await served.client.collect("GetTraces", { query });
    const ids = chunks.map((chunk) => chunk.resourceSpans[0].scopeSpans[0].spans[0].traceId.toString("hex"));
    expect(ids).toEqual([traceId(2), traceId(1)]);
    expect(await served.client.collect("GetTraces", { query: query.slice(0, 1) })).toEqual([]);
    expect(await served.client.collect("GetTraces", {})).toEqual([]);
  });

  it("takes a 64-bit trace id of 8 bytes", async () => {
    const query = [{ traceId: Buffer.from(traceId(1).slice(16), "hex") }];
    expect(await served.client.collect("GetTraces", { query })).toHaveLength(1);
  });

  it("lists services and operations with their kinds", async () => {
    expect(await served.client.unary("GetServices", {})).toEqual({ services: ["cart", "frontend"] });
    expect(await served.client.unary("GetOperations", { service: "cart" })).toEqual({
      operations: [
        { name: "load", spanKind: "" },
        { name: "load", spanKind: "client" },
      ],
    });
    expect(await served.client.unary("GetOperations", { service: "cart", spanKind: "client" })).toEqual({
      operations: [{ name: "load", spanKind: "client" }],
    });
    expect(await served.client.unary("GetOperations", { service: "cart", spanKind: "cient" })).toEqual({
      operations: [],
    });
  });

  it("searches by every field of a query", async () => {
    const at = (nano: bigint) => ({ seconds: String(nano / second), nanos: Number(nano % second) });
    expect(await found({})).toEqual([traceId(2), traceId(1)]);
    expect(await found({ serviceName: "frontend" })).toEqual([traceId(1)]);
    expect(await found({ serviceName: "frontend", operationName: "load" })).toEqual([]);
    expect(await found({ operationName: "load" })).toEqual([traceId(2), traceId(1)]);
    expect(await found({ searchDepth: 1 })).toEqual([traceId(2)]);
    expect(await found({ attributes: [{ key: "user", value: { stringValue: "u2" } }] })).toEqual([
      traceId(2),
    ]);
    const big = (intValue: string) => ({ attributes: [{ key: "big", value: { intValue } }] });
    expect(await found(big("9007199254740993"))).toEqual([traceId(1)]);
    expect(await found(big("9007199254740992"))).toEqual([]);
    expect(await found({ startTimeMin: at(epoch + 10n * second) })).toEqual([traceId(2)]);
    expect(await found({ startTimeMin: at(epoch + 10n * second + 1n) })).toEqual([]);
    expect(await found({ startTimeMax: at(epoch) })).toEqual([traceId(1)]);
    expect(await found({ startTimeMax: at(epoch - 1n) })).toEqual([]);
    expect(await found({ durationMin: { seconds: "3" } })).toEqual([traceId(1)]);
    expect(await found({ durationMin: { seconds: "3", nanos: 1 } })).toEqual([]);
    expect(await found({ durationMax: { nanos: 5 } })).toEqual([traceId(2)]);
    expect(await found({ durationMax: { nanos: 4 } })).toEqual([]);
  });

  it("reads every way of leaving a bound out as no bound", async () => {
    for (const unset of [{}, { seconds: "0", nanos: 0 }, { seconds: "-62135596800" }]) {
      expect(await found({ startTimeMin: unset, startTimeMax: unset })).toHaveLength(2);
    }
    const before = { seconds: "-5" };
    expect(
      await found({ startTimeMin: before, durationMin: {}, durationMax: {}, searchDepth: -1 }),
    ).toHaveLength(2);
    expect(await found({ startTimeMin: { seconds: "200000000000" } })).toEqual([]);
    expect(await found({ startTimeMax: { seconds: "200000000000" } })).toHaveLength(2);
  });

  it("streams whole traces of a search, and their summaries", async () => {
    const query = { attributes: [{ key: "user", value: { stringValue: "u1" } }] };
    const chunks = await served.client.collect("FindTraces", { query });
    expect(chunks.flatMap((chunk) => chunk.resourceSpans)).toHaveLength(2);
    const [summaries, ...rest] = await served.client.collect("FindTraceSummaries", { query });
    expect(rest).toEqual([]);
    expect(summaries).toEqual({
      summaries: [
        {
          traceId: Buffer.from(traceId(1), "hex"),
          rootServiceName: "frontend",
          rootOperationName: "GET /cart",
          minStartTimeUnixNano: String(epoch),
          maxEndTimeUnixNano: String(epoch + 3n * second),
          spanCount: 2,
          errorSpanCount: 0,
          orphanSpanCount: 0,
          services: [
            { name: "cart", spanCount: 1, errorSpanCount: 0 },
            { name: "frontend", spanCount: 1, errorSpanCount: 0 },
          ],
        },
      ],
      nextPageToken: "",
    });
    expect(await served.client.collect("FindTraces", { query: { serviceName: "nobody" } })).toEqual([]);
    expect(await served.client.collect("FindTraceSummaries", { query: { serviceName: "nobody" } })).toEqual(
      [],
    );
  });

  it("gives the time range of a found trace to the nanosecond", async () => {
    const answer = await served.client.unary("FindTraceIDs", { query: { searchDepth: 1 } });
    expect(answer.traceIds[0]).toEqual({
      traceId: Buffer.from(traceId(2), "hex"),
      start: { seconds: "1700000010", nanos: 0 },
      end: { seconds: "1700000010", nanos: 5 },
    });
  });

  it("counts calls between services in the window", async () => {
    const window = (from: string, to: string) => ({ startTime: { seconds: from }, endTime: { seconds: to } });
    const calls = { dependencies: [{ parent: "frontend", child: "cart", callCount: "1", source: "" }] };
    expect(await served.client.unary("GetDependencies", window("1700000000", "1700000001"))).toEqual(calls);
    expect(await served.client.unary("GetDependencies", {})).toEqual(calls);
    expect(await served.client.unary("GetDependencies", window("1700000002", "1700000100"))).toEqual({
      dependencies: [],
    });
  });

  it("declares what the store can do", async () => {
    const { search } = await served.client.unary("GetCapabilities", {});
    expect(search).toMatchObject({
      withoutServiceName: true,
      sameSpanConjunction: true,
      paginated: true,
      spanSearch: true,
      spanSorting: true,
    });
    expect(search.filter.levels).toEqual(["span", "resource", "scope", "event", "link"]);
    expect(search.filter.operators).toHaveLength(16);
  });

  it("searches by a filter", async () => {
    const user = (value: string) => ({ op: "eq", args: [{ attr: { key: "user" } }, { scalar: { value } }] });
    expect(await found({ filter: user("u1") })).toEqual([traceId(1)]);
    expect(await found({ filter: { op: "not", args: [{ call: user("u1") }] } })).toEqual([
      traceId(2),
      traceId(1),
    ]);
  });

  it("pages through ids, summaries and spans", async () => {
    const walk = async (page: (pagination: object) => Promise<{ results: string[]; token: string }>) => {
      const pages: string[][] = [];
      let pageToken = "";
      do {
        const { results, token } = await page({ pageSize: 1, pageToken });
        pages.push(results);
        pageToken = token;
      } while (pageToken !== "");
      return pages;
    };
    const hex = (traces: { traceId: Buffer }[]) => traces.map((trace) => trace.traceId.toString("hex"));
    const ids = await walk(async (pagination) => {
      const answer = await served.client.unary("FindTraceIDs", { query: { pagination } });
      return { results: hex(answer.traceIds), token: answer.nextPageToken };
    });
    const summaries = await walk(async (pagination) => {
      const chunks = await served.client.collect("FindTraceSummaries", { query: { pagination } });
      return {
        results: chunks.flatMap((chunk) => hex(chunk.summaries)),
        token: chunks.at(-1)?.nextPageToken ?? "",
      };
    });
    expect(ids).toEqual([[traceId(2)], [traceId(1)]]);
    expect(summaries).toEqual(ids);

    const orderBy = [{ expression: { field: { name: "duration", level: "span" } }, direction: "desc" }];
    const spans = await walk(async (pagination) => {
      const chunks = await served.client.collect("FindSpans", { query: { pagination, orderBy } });
      const found = chunks.flatMap((chunk) => chunk.spans.resourceSpans[0].scopeSpans[0].spans);
      return {
        results: found.map((span) => span.spanId.toString("hex")),
        token: chunks.at(-1)?.nextPageToken ?? "",
      };
    });
    expect(spans).toEqual([[spanId(1)], [spanId(2)], [spanId(3)]]);
  });

  it("ignores fields it does not know", async () => {
    // Field 1000, a string.
    const unknown = Buffer.from([0xc2, 0x3e, 0x01, 0x61]);
    expect(await served.client.unary("GetServices", unknown)).toEqual({ services: ["cart", "frontend"] });
    const chunks = await served.client.collect("FindTraces", unknown);
    expect(chunks.length).toBeGreaterThan(0);
  });
});
