import type { Buffer } from "node:buffer";
import { countSpans } from "../wire/walk.js";
import { createBatchEncoder } from "./encode.js";
import { spansPerTrace } from "./flows.js";
import type { DataSet } from "./trace.js";

/** How a trace's spans reach the server: all in one request, or each of its services in a request of its own. */
export type Arrival = "whole" | "split";

/** One Export request, ready to send. */
export interface Batch {
  readonly bytes: Buffer;
  readonly spans: number;
}

/**
 * The Export requests of the traces of ages `oldest` down to `newest`, oldest first, of about `batchSpans`
 * spans each. With arrival "split", three requests carry the traces of three batches, one service's spans each.
 */
export function* batchesOf(
  set: DataSet,
  oldest: number,
  newest: number,
  batchSpans: number,
  arrival: Arrival,
): Generator<Batch> {
  const encoder = createBatchEncoder(set);
  const traces = Math.max(1, Math.round(batchSpans / spansPerTrace));
  const stride = arrival === "split" ? traces * 3 : traces;
  for (let age = oldest; age >= newest; age -= stride) {
    const last = Math.max(newest, age - stride + 1);
    const count = age - last + 1;
    if (arrival === "whole") {
      yield { bytes: encoder.encode(age, last), spans: count * spansPerTrace };
      continue;
    }
    for (const seat of [0, 1, 2]) {
      const bytes = encoder.encode(age, last, seat);
      yield { bytes, spans: countSpans(bytes) };
    }
  }
}
