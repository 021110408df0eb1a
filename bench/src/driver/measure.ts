import type { Buffer } from "node:buffer";
import { cpuSeconds, type Processes } from "./process.js";
import { type Latency, latencyOf } from "./samples.js";

/** How long one kind of call is measured. */
export interface Effort {
  /** Calls before the measured ones, as far as they fit into `seconds`. */
  readonly warmup: number;
  readonly calls: number;
  /** Ends the measurement early once this many seconds are over and at least `leastCalls` were made. */
  readonly seconds: number;
  readonly leastCalls: number;
}

export interface Measured {
  readonly latency: Latency;
  /** Server processor time of one call in milliseconds; NaN when the server's process is unknown. */
  readonly cpuMilliseconds: number;
  /** The first answer to each variant, by index. */
  readonly answers: ReadonlyMap<number, readonly Buffer[]>;
}

/** Why a server gave no answer: gRPC's status and words. */
export interface Refused {
  readonly refused: string;
}

/**
 * Calls one after the other, going through `variants` in turn, and keeps the first answer to each. A server
 * that answers with an error is reported as refusing this kind of call.
 */
export async function measure(
  call: (variant: number) => Promise<readonly Buffer[]>,
  variants: number,
  effort: Effort,
  processes: Processes,
): Promise<Measured | Refused> {
  const answers = new Map<number, readonly Buffer[]>();
  const milliseconds: number[] = [];
  try {
    const warming = performance.now();
    for (let i = 0; i < effort.warmup && performance.now() - warming <= effort.seconds * 1000; i++) {
      await call(i % variants);
    }
    const cpuBefore = cpuSeconds(processes);
    const started = performance.now();
    for (let i = 0; i < effort.calls; i++) {
      const from = performance.now();
      const answer = await call(i % variants);
      const to = performance.now();
      milliseconds.push(to - from);
      if (i < variants) answers.set(i, answer);
      if (to - started > effort.seconds * 1000 && i + 1 >= effort.leastCalls) break;
    }
    const cpu = cpuSeconds(processes) - cpuBefore;
    return { latency: latencyOf(milliseconds), cpuMilliseconds: (cpu * 1000) / milliseconds.length, answers };
  } catch (error) {
    return refusal(error);
  }
}

export function refusal(error: unknown): Refused {
  return { refused: error instanceof Error ? error.message : String(error) };
}

export function isRefused<T extends object>(outcome: T | Refused): outcome is Refused {
  return "refused" in outcome;
}
