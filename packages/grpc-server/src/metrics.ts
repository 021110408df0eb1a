import type { SpanStore } from "@spanstore/core";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Archive } from "./archive.js";

export interface Metrics {
  readonly registry: Registry;
  /** One finished call; `code` is the name of its gRPC status. */
  callFinished(path: string, code: string, seconds: number): void;
  spansWritten(accepted: number, requestBytes: number): void;
  spansRejected(count: number): void;
  /** Bytes of write requests that are not durable yet. */
  writesWaiting(bytes: number): void;
}

const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * What `/metrics` shows. Calls are named as other gRPC servers name them, so that their dashboards fit.
 * @param ofProcess whether memory, CPU and event loop of the process are shown too.
 */
export function createMetrics(store: SpanStore, archive: Archive | undefined, ofProcess: boolean): Metrics {
  const registry = new Registry();
  if (ofProcess) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const handled = new Counter({
    name: "grpc_server_handled_total",
    help: "Finished calls by service, method and status code.",
    labelNames: ["grpc_service", "grpc_method", "grpc_code"],
    registers,
  });
  const seconds = new Histogram({
    name: "grpc_server_handling_seconds",
    help: "Time from a call's start to its status, streaming included.",
    labelNames: ["grpc_service", "grpc_method"],
    buckets: latencyBuckets,
    registers,
  });
  const spans = new Counter({
    name: "spanstore_spans_written_total",
    help: "Spans acknowledged as durable, those that were stored before included.",
    registers,
  });
  const bytes = new Counter({
    name: "spanstore_written_bytes_total",
    help: "Encoded bytes of acknowledged write requests.",
    registers,
  });
  const rejected = new Counter({
    name: "spanstore_spans_rejected_total",
    help: "Spans that can never be stored and went to the dead-letter log.",
    registers,
  });
  const waiting = new Gauge({
    name: "spanstore_waiting_bytes",
    help: "Encoded bytes of write requests that are not durable yet.",
    registers,
  });
  new Gauge({
    name: "spanstore_store_bytes",
    help: "What the store, and its archive once it is used, occupy: on disk, or in memory where there is no disk.",
    labelNames: ["engine", "store"],
    registers,
    async collect() {
      // A store that cannot tell its size now must not hide every other metric.
      this.reset();
      const bytesOf = async (one: SpanStore) => (await one.stats().catch(() => undefined))?.bytes;
      const main = await bytesOf(store);
      if (main !== undefined) this.set({ engine: store.engine }, main);
      const second = archive?.opened();
      const archived = second && (await bytesOf(second));
      if (second !== undefined && archived !== undefined) {
        this.set({ engine: second.engine, store: "archive" }, archived);
      }
    },
  });
  return {
    registry,
    callFinished(path, code, duration) {
      const [, service = "", method = ""] = path.split("/");
      handled.inc({ grpc_service: service, grpc_method: method, grpc_code: code });
      seconds.observe({ grpc_service: service, grpc_method: method }, duration);
    },
    spansWritten(accepted, requestBytes) {
      spans.inc(accepted);
      bytes.inc(requestBytes);
    },
    spansRejected(count) {
      rejected.inc(count);
    },
    writesWaiting: (size) => waiting.set(size),
  };
}
