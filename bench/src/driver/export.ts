import { setTimeout as delay } from "node:timers/promises";
import type { Batch } from "../data/batches.js";
import { rejectedSpansOf } from "../wire/answers.js";
import { methods, type RawClient } from "./client.js";

/** The result of sending batches. */
export interface ExportOutcome {
  readonly spans: number;
  readonly seconds: number;
  /** The time of each Export call that succeeded, in milliseconds. */
  readonly latencies: readonly number[];
  /** Calls that were refused for the moment (UNAVAILABLE, RESOURCE_EXHAUSTED) and sent again. */
  readonly retries: number;
}

/** How fast and how long batches are sent, and the callbacks. */
export interface Pace {
  readonly spansPerSecond?: number;
  readonly stopped?: () => boolean;
  /** The number of acknowledged spans. */
  readonly onSent?: (spans: number) => void;
  /** A call was refused for the moment. */
  readonly onRetry?: () => void;
}

const unavailable = 14;
const resourceExhausted = 8;
/** More than an overload of ten minutes takes; a sender that is refused longer gives up. */
const maxAttempts = 1000;

function isPassing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === unavailable || code === resourceExhausted;
}

/**
 * Sends all batches in their order, one call in flight on each connection; with `spansPerSecond`, no faster
 * than that. Stops early when `stopped` says so. Throws when a server refuses or rejects spans for good.
 */
export async function exportBatches(
  clients: readonly RawClient[],
  batches: Iterable<Batch>,
  pace: Pace = {},
): Promise<ExportOutcome> {
  const iterator = batches[Symbol.iterator]();
  const latencies: number[] = [];
  let spans = 0;
  let claimed = 0;
  let retries = 0;
  const started = performance.now();

  async function send(client: RawClient, batch: Batch): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const from = performance.now();
      try {
        const answer = await client.unary(methods.export, batch.bytes);
        latencies.push(performance.now() - from);
        if (answer.length > 0 && rejectedSpansOf(answer) > 0) throw new Error("the server rejected spans");
        spans += batch.spans;
        pace.onSent?.(batch.spans);
        return;
      } catch (error) {
        if (!isPassing(error) || attempt === maxAttempts) throw error;
        retries++;
        pace.onRetry?.();
        await delay(Math.min(1000, 20 * attempt));
      }
    }
  }

  await Promise.all(
    clients.map(async (client) => {
      while (pace.stopped?.() !== true) {
        const next = iterator.next();
        if (next.done === true) return;
        const due = started + (claimed / (pace.spansPerSecond ?? Number.POSITIVE_INFINITY)) * 1000;
        claimed += next.value.spans;
        const wait = due - performance.now();
        if (wait > 1) await delay(wait);
        await send(client, next.value);
      }
    }),
  );
  return { spans, seconds: (performance.now() - started) / 1000, latencies, retries };
}
