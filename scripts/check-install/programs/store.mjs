// Writes into a file store, closes it, opens it again and finds what it wrote.
import assert from "node:assert/strict";
import { openSqliteStore } from "@spanstore/sqlite";

const traceId = "5b8aa5a2d2c872e8321cf37308d69df2";
const [path] = process.argv.slice(2);
const start = BigInt(Date.now()) * 1_000_000n;
const span = {
  traceId,
  spanId: "051581bf3cb55c13",
  name: "GET /cart",
  startTimeUnixNano: start,
  endTimeUnixNano: start,
};
const resource = { attributes: [{ key: "service.name", value: { stringValue: "cart" } }] };

const written = await openSqliteStore({ path });
await written.write({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
await written.close();

const store = await openSqliteStore({ path });
assert.deepEqual(await store.getServices(), ["cart"]);
const found = [];
for await (const trace of store.findTraces({ service: "cart" })) found.push(trace.traceId);
assert.deepEqual(found, [traceId]);
await store.close();
