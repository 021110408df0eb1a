import { decodeTraces, SpanKind } from "@spanstore/core";
import { openSqliteStore } from "@spanstore/sqlite";

const store = await openSqliteStore({ path: ":memory:" });

const start = BigInt(Date.now()) * 1_000_000n;
await store.write({
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
      scopeSpans: [
        {
          spans: [
            {
              traceId: "0af7651916cd43dd8448eb211c80319c",
              spanId: "b7ad6b7169203331",
              name: "GET /cart",
              kind: SpanKind.server,
              startTimeUnixNano: start,
              endTimeUnixNano: start + 12_000_000n,
              attributes: [{ key: "http.response.status_code", value: { intValue: 200n } }],
            },
          ],
        },
      ],
    },
  ],
});

console.log(await store.getServices());

const query = { service: "shop", attributes: { "http.response.status_code": 200 } };
for await (const chunk of store.findTraces(query)) {
  for (const { scopeSpans } of decodeTraces(chunk.encoded).resourceSpans) {
    for (const { spans } of scopeSpans) {
      for (const span of spans) console.log(chunk.traceId, span.name);
    }
  }
}

await store.close();
