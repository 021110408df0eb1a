import { and, resource, span } from "@spanstore/core";
import { openSqliteStore } from "@spanstore/sqlite";

const store = await openSqliteStore({ path: "spans.sqlite" });
const start = BigInt(Date.now()) * 1_000_000n;
const request = {
  traceId: "5b8aa5a2d2c872e8321cf37308d69df2",
  spanId: "051581bf3cb55c13",
  name: "GET /cart",
};
const shop = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
const spans = [{ ...request, startTimeUnixNano: start, endTimeUnixNano: start + 740_000_000n }];
await store.write({ resourceSpans: [{ resource: shop, scopeSpans: [{ spans }] }] });

const filter = and(resource.service.eq("shop"), span.duration.gt("500ms"));
for await (const { traceId } of store.findTraces({ filter })) console.log(traceId);
await store.close();
