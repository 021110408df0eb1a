import { parentPort, workerData } from "node:worker_threads";
import { batchesOf } from "./data/batches.js";
import { spansPerTrace } from "./data/flows.js";
import { connect } from "./driver/client.js";
import { exportBatches } from "./driver/export.js";
import type { LoadOrder, LoadReport } from "./load.js";

/** More traces than any run writes. */
const farAge = 1_000_000_000;

const { order, counts } = workerData as { readonly order: LoadOrder; readonly counts: BigInt64Array };
let stopped = false;
parentPort?.on("message", () => {
  stopped = true;
});

const clients = Array.from({ length: order.connections }, () => connect(order.address));
const batches = batchesOf(order.set, order.fromAge, -farAge, order.batchSpans, "whole");
const outcome = await exportBatches(clients, batches, {
  spansPerSecond: order.spansPerSecond,
  stopped: () => stopped,
  onSent: (spans) => Atomics.add(counts, 0, BigInt(spans)),
  onRetry: () => Atomics.add(counts, 1, 1n),
});
for (const client of clients) client.close();
const report: LoadReport = {
  spans: outcome.spans,
  seconds: outcome.seconds,
  nextAge: order.fromAge - outcome.spans / spansPerTrace,
  retries: outcome.retries,
};
parentPort?.postMessage(report);
parentPort?.close();
