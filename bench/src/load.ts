import { Worker } from "node:worker_threads";
import type { DataSet } from "./data/trace.js";

/** The settings of the background load. */
export interface LoadOrder {
  readonly address: string;
  readonly set: DataSet;
  /** The age of its first trace; the following ones are ever newer. */
  readonly fromAge: number;
  readonly batchSpans: number;
  readonly connections: number;
  readonly spansPerSecond: number;
}

export interface LoadReport {
  readonly spans: number;
  readonly seconds: number;
  /** The age of the first trace that was not sent. */
  readonly nextAge: number;
  readonly retries: number;
}

/** The counts sent by now; two threads share it. */
export interface LoadProgress {
  readonly spans: () => number;
  readonly retries: () => number;
}

/** Writes newer and newer traces at a steady rate, on a thread of its own so that it delays no measurement. */
export function startLoad(order: LoadOrder): LoadProgress & { stop(): Promise<LoadReport> } {
  const counts = new BigInt64Array(new SharedArrayBuffer(16));
  const worker = new Worker(new URL("./load-worker.js", import.meta.url), { workerData: { order, counts } });
  const report = new Promise<LoadReport>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) =>
      reject(new Error(`the load's thread ended with code ${code} and no report`)),
    );
  });
  // An error before stop() is asked for must not end the process as an unhandled rejection.
  report.catch(() => undefined);
  return {
    spans: () => Number(Atomics.load(counts, 0)),
    retries: () => Number(Atomics.load(counts, 1)),
    stop: () => {
      worker.postMessage("stop");
      return report;
    },
  };
}
