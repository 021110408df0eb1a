import { parseArgs } from "node:util";
import { openManticoreStore } from "@spanstore/manticore";
import { startOrderService } from "./orders.js";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "mysql://127.0.0.1:9306" },
    prefix: { type: "string", default: "jaeger_" },
    port: { type: "string", default: "8080" },
  },
});

const store = await openManticoreStore({ url: values.url, prefix: values.prefix });
const service = await startOrderService({ store, port: Number(values.port), onError: console.error });
console.log(`orders: ${service.url}/orders/1`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    await service.close();
    await store.close();
  });
}
