import {
  and,
  decodeTraces,
  latencyQuantile,
  resource,
  type Span,
  SpanKind,
  StatusCode,
  span,
} from "@spanstore/core";
import { openSqliteStore } from "@spanstore/sqlite";

const store = await openSqliteStore({ path: ":memory:" });

const now = BigInt(Date.now()) * 1_000_000n;
const request = (id: string, name: string, status: bigint, milliseconds: bigint): Span => ({
  traceId: id.repeat(32),
  spanId: id.repeat(16),
  name,
  kind: SpanKind.server,
  startTimeUnixNano: now,
  endTimeUnixNano: now + milliseconds * 1_000_000n,
  attributes: [{ key: "http.response.status_code", value: { intValue: status } }],
  status: { code: status < 500n ? StatusCode.unset : StatusCode.error },
});
await store.write({
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
      scopeSpans: [
        {
          spans: [
            request("a", "GET /cart", 200n, 12n),
            request("b", "POST /checkout", 503n, 740n),
            request("c", "POST /checkout", 500n, 1_200n),
          ],
        },
      ],
    },
  ],
});

console.log(await store.getServices());

// The classic search of Jaeger's UI. It returns whole traces, encoded.
const query = { service: "shop", attributes: { "http.response.status_code": 200 } };
for await (const { traceId, encoded } of store.findTraces(query)) {
  for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
    for (const { spans } of scopeSpans) console.log(traceId, spans.length, spans[0]?.name);
  }
}

// The structured filter, and a walk through its pages.
const filter = and(
  resource.service.eq("shop"),
  span.duration.gt("500ms"),
  span.attr("http.response.status_code").gte(500),
);
for (let token: string | undefined = ""; token !== undefined; ) {
  const page = await store.findTraceIds({ filter, page: { size: 1, token } });
  console.log(page.traces.map(({ traceId }) => traceId));
  token = page.nextPageToken;
}

// Calls, errors and latencies of the last hour, by operation.
const hour = { startTimeUnixNano: now - 3_600_000_000_000n, endTimeUnixNano: now + 1n };
for (const { labels, points } of await store.getMetrics({ ...hour, groupBy: ["operation"] })) {
  for (const { calls, errors, latency } of points) {
    const milliseconds = Math.round((latencyQuantile(latency, 0.95) ?? 0) / 1e6);
    console.log(labels.operation, calls, errors, milliseconds);
  }
}

await store.close();
