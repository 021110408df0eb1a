// Writes to a running server and finds what it wrote.
import assert from "node:assert/strict";
import { connectSpanStore } from "@spanstore/client";

const traceId = "6b8aa5a2d2c872e8321cf37308d69df2";
const store = connectSpanStore(process.argv[2]);
const start = BigInt(Date.now()) * 1_000_000n;
const span = {
  traceId,
  spanId: "051581bf3cb55c13",
  name: "GET /",
  startTimeUnixNano: start,
  endTimeUnixNano: start,
};
const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
await store.write({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
assert.deepEqual(await store.getServices(), ["shop"]);
await store.close();
