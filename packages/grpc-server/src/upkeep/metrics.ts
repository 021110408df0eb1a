import type { SpanStore } from "@spanstore/core";
import { createSlowAnswer } from "@spanstore/core/engine";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Limits, Refusal } from "../limits/limits.js";
import type { Archive } from "../routing/archive.js";

export interface Metrics {
  readonly registry: Registry;
  /** Counts a finished call. @param code the name of its gRPC status. */
  callFinished(path: string, code: string, seconds: number): void;
  spansWritten(accepted: number, requestBytes: number): void;
  spansRejected(count: number): void;
  /** Counts dead letters that could not be written to their file. */
  deadLettersLost(count: number): void;
  /** Shows the current use of the limits at every scrape. */
  watch(taken: Limits["taken"]): void;
  refused(what: Refusal): void;
  /** Sets whether the store can serve. */
  ready(isReady: boolean): void;
  /** Counts removed old spans, as far as the engine knows their number. */
  expired(spans: number | undefined, bytes: number | undefined): void;
  retentionRan(succeeded: boolean): void;
  authRefused(reason: string): void;
  /** Counts a changed file of certificates or tokens. */
  reloaded(what: "tls" | "tokens", succeeded: boolean): void;
  /** Sets the end of the certificate in use, in milliseconds since 1970. */
  certificateEnds(notAfter: number): void;
}

/** The bounds of latency buckets, in seconds. */
export const latencyBuckets = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/**
 * The metrics of `/metrics`. Those of calls have the names of other gRPC servers, so that the same dashboards work.
 * @param ofProcess whether to show memory, CPU and event loop of the process too.
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
    help: "Spans acknowledged as durable, including those that were stored already.",
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
  showSizes(registry, store, archive);
  const security = securityMetrics(registry);
  const upkeep = upkeepMetrics(registry);
  const limits = limitMetrics(registry);
  const lost = new Counter({
    name: "spanstore_dead_letters_lost_total",
    help: "Dead letters that could not be written to their file.",
    registers,
  });
  return {
    registry,
    ...security,
    ...upkeep,
    ...limits,
    deadLettersLost: (count) => lost.inc(count),
    callFinished(path, code, duration) {
      const [, service = "", method = ""] = path.split("/");
      handled.inc({ grpc_service: service, grpc_method: method, grpc_code: code });
      seconds.observe({ grpc_service: service, grpc_method: method }, duration);
    },
    spansWritten(accepted, requestBytes) {
      spans.inc(accepted);
      bytes.inc(requestBytes);
    },
    spansRejected: (count) => rejected.inc(count),
  };
}

/** The age at which a size is read again, and the longest wait of a scrape for it. */
const sizes = { maxAgeMillis: 5_000, maxWaitMillis: 1_000 };

/** Shows sizes from a cache, since some engines are slow to compute them. */
function showSizes(registry: Registry, store: SpanStore, archive: Archive | undefined): void {
  const main = createSlowAnswer(() => store.stats(), sizes);
  const second = createSlowAnswer(async () => archive?.opened()?.stats(), sizes);
  new Gauge({
    name: "spanstore_store_bytes",
    help: "Bytes that the store, and the archive once it is used, occupy on disk, or in memory for a store without a disk.",
    labelNames: ["engine", "store"],
    registers: [registry],
    async collect() {
      this.reset();
      const opened = archive?.opened();
      // A store that fails to compute its size must not hide the other metrics.
      const [size, archived] = await Promise.all([
        main.get().catch(() => undefined),
        opened && second.get().catch(() => undefined),
      ]);
      if (size !== undefined) this.set({ engine: store.engine }, size.bytes);
      if (opened !== undefined && archived !== undefined) {
        this.set({ engine: opened.engine, store: "archive" }, archived.bytes);
      }
    },
  });
}

/** Metrics of limits and refusals. */
function limitMetrics(registry: Registry): Pick<Metrics, "watch" | "refused"> {
  const registers = [registry];
  const writes = new Counter({
    name: "spanstore_writes_refused_total",
    help: "Write requests refused with RESOURCE_EXHAUSTED: too many bytes waiting, or more than the tenant's rate.",
    labelNames: ["reason"],
    registers,
  });
  const others = new Counter({
    name: "spanstore_refused_total",
    help: "Connections closed, and calls and questions refused with RESOURCE_EXHAUSTED, because there were too many.",
    labelNames: ["what"],
    registers,
  });
  for (const reason of ["waiting", "rate"]) writes.inc({ reason }, 0);
  for (const what of ["connections", "calls", "questions"]) others.inc({ what }, 0);
  return {
    watch: (taken) => {
      const gauge = (name: string, help: string, of: keyof ReturnType<Limits["taken"]>) =>
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(taken()[of]);
          },
        });
      gauge(
        "spanstore_waiting_bytes",
        "Bytes of write requests that arrive or are not durable yet, and 16 KiB for each.",
        "waitingBytes",
      );
      gauge(
        "spanstore_waiting_bytes_limit",
        "The waiting bytes beyond which write requests are refused (--limits.waiting-bytes).",
        "waitingBytesLimit",
      );
      gauge("spanstore_calls", "Open calls.", "calls");
      gauge("spanstore_connections", "Connections to the ports of gRPC.", "connections");
    },
    refused: (what) => {
      if (what === "waiting" || what === "rate") writes.inc({ reason: what });
      else others.inc({ what });
    },
  };
}

/** Metrics of authentication and certificates. */
function securityMetrics(registry: Registry): Pick<Metrics, "authRefused" | "reloaded" | "certificateEnds"> {
  const registers = [registry];
  const refusals = new Counter({
    name: "spanstore_auth_refused_total",
    help: "Calls refused for their token: it is missing, unknown, of another role or not for the tenant.",
    labelNames: ["reason"],
    registers,
  });
  const reloads = new Counter({
    name: "spanstore_reloads_total",
    help: "Changes of files of certificates or tokens; after a failed one the old content stays in use.",
    labelNames: ["what", "result"],
    registers,
  });
  let certificate: Gauge | undefined;
  return {
    authRefused: (reason) => refusals.inc({ reason }),
    reloaded: (what, succeeded) => reloads.inc({ what, result: succeeded ? "ok" : "failed" }),
    certificateEnds: (notAfter) => {
      certificate ??= new Gauge({
        name: "spanstore_tls_certificate_end_timestamp_seconds",
        help: "When the server's certificate ends, in seconds since 1970.",
        registers,
      });
      certificate.set(notAfter / 1000);
    },
  };
}

/** Metrics of readiness and retention. */
function upkeepMetrics(registry: Registry): Pick<Metrics, "ready" | "expired" | "retentionRan"> {
  const registers = [registry];
  const readiness = new Gauge({
    name: "spanstore_ready",
    help: "1 when the store can serve, else 0.",
    registers,
  });
  const parts = new Counter({
    name: "spanstore_expired_parts_total",
    help: "Tables, indices or batches of old spans removed by retention.",
    registers,
  });
  const spans = new Counter({
    name: "spanstore_expired_spans_total",
    help: "Spans removed by retention, where the engine counts them.",
    registers,
  });
  const bytes = new Counter({
    name: "spanstore_expired_bytes_total",
    help: "Bytes removed by retention, where the engine counts them.",
    registers,
  });
  const runs = new Counter({
    name: "spanstore_retention_runs_total",
    help: "Runs of retention.",
    labelNames: ["result"],
    registers,
  });
  const succeeded = new Gauge({
    name: "spanstore_retention_last_success_timestamp_seconds",
    help: "When retention last succeeded, in seconds since 1970; 0: not yet.",
    registers,
  });
  return {
    ready: (isReady) => readiness.set(isReady ? 1 : 0),
    expired: (spanCount, byteCount) => {
      parts.inc();
      spans.inc(spanCount ?? 0);
      bytes.inc(byteCount ?? 0);
    },
    retentionRan: (ok) => {
      runs.inc({ result: ok ? "ok" : "failed" });
      if (ok) succeeded.setToCurrentTime();
    },
  };
}
