import { parseArgs } from "node:util";
import { startOrderService } from "../manticore/orders.js";
import { openStoreAt } from "./open-store.js";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite:orders.sqlite" },
    prefix: { type: "string" },
    port: { type: "string", default: "8080" },
  },
});

const store = await openStoreAt(values.store, { prefix: values.prefix });
const service = await startOrderService({ store, port: Number(values.port), onError: console.error });
console.log(`orders: ${service.url}/orders/1`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    await service.close();
    await store.close();
  });
}
