import type { Buffer } from "node:buffer";
import { setTimeout as delay } from "node:timers/promises";
import { type LargeTrace, largeTrace } from "../data/large-trace.js";
import { traceIdOf } from "../data/trace.js";
import { methods } from "../driver/client.js";
import { exportBatches } from "../driver/export.js";
import { isRefused, measure, type Refused } from "../driver/measure.js";
import { resetPeak, residentBytes, settle } from "../driver/process.js";
import type { Latency } from "../driver/samples.js";
import { getTracesRequest } from "../wire/requests.js";
import { countSpans } from "../wire/walk.js";
import { closeServer, newestAge, reopen, type Session } from "./session.js";

export interface LargeResult {
  readonly middle:
    | { readonly spans: number; readonly latency: Latency; readonly complete: boolean }
    | Refused;
  readonly huge:
    | {
        readonly spans: number;
        readonly seconds: number;
        /** From the call to the first message. */
        readonly firstMessageSeconds: number;
        readonly messages: number;
        readonly complete: boolean;
        /** Growth of the server's resident memory over what it had before the first of the streams. */
        readonly grownBytes: number;
        /** The same for a client that takes its time over every message. */
        readonly grownBytesSlowReader: number;
      }
    | Refused;
}

const middleSpans = 10_000;
const hugeSpans = 200_000;
const batchSpans = 1000;
const slowMilliseconds = 50;

async function restart(session: Session): Promise<void> {
  await closeServer(session);
  await reopen(session);
}

async function store(session: Session, trace: LargeTrace): Promise<void> {
  const outcome = await exportBatches([session.client], trace.batches(batchSpans));
  session.spansStored += outcome.spans;
}

/** A trace of 10,000 spans for its latency, one of 200,000 for the memory that streaming it takes. */
export async function measureLarge(session: Session): Promise<LargeResult> {
  const middleTrace = largeTrace(session.set, middleSpans);
  const hugeTrace = largeTrace(session.set, hugeSpans);
  // Leftovers of earlier phases in the server's memory would hide the growth, and burden a store that keeps all
  // in memory; such a one starts this phase empty.
  if (!session.target.persistent) await restart(session);
  await store(session, middleTrace);
  await store(session, hugeTrace);
  if (session.target.persistent) await restart(session);
  await settle(session.server.processes, 30);
  const huge = await measureHuge(session, hugeTrace);
  const middle = await measureMiddle(session, middleTrace);
  return { middle, huge };
}

async function measureMiddle(session: Session, trace: LargeTrace): Promise<LargeResult["middle"]> {
  const request = getTracesRequest([trace.traceId]);
  const effort = { ...session.effort, warmup: 3, calls: 50, leastCalls: 10 };
  const ask = (): Promise<Buffer[]> => session.client.stream(methods.getTraces, request);
  const measured = await measure(ask, 1, effort, session.server.processes);
  if (isRefused(measured)) return measured;
  const spans = (measured.answers.get(0) ?? []).reduce((sum, message) => sum + countSpans(message), 0);
  session.say(`${trace.spans} spans by id: p50 ${measured.latency.p50.toFixed(1)} ms`);
  return { spans: trace.spans, latency: measured.latency, complete: spans === trace.spans };
}

async function measureHuge(session: Session, trace: LargeTrace): Promise<LargeResult["huge"]> {
  const { processes } = session.server;
  const request = getTracesRequest([trace.traceId]);
  try {
    const small = getTracesRequest([traceIdOf(session.set, newestAge(session))]);
    for (let i = 0; i < 50; i++) await session.client.stream(methods.getTraces, small);
    await settle(processes, 30);
    const before = residentBytes(processes).now;
    resetPeak(processes);
    let messages = 0;
    let spans = 0;
    let first = 0;
    const from = performance.now();
    await session.client.stream(methods.getTraces, request, (message) => {
      if (messages === 0) first = performance.now();
      messages++;
      spans += countSpans(message);
      return undefined;
    });
    const seconds = (performance.now() - from) / 1000;
    const grownBytes = residentBytes(processes).peak - before;
    resetPeak(processes);
    await session.client.stream(methods.getTraces, request, () => delay(slowMilliseconds));
    const grownBytesSlowReader = residentBytes(processes).peak - before;
    session.say(
      `${trace.spans} spans streamed in ${seconds.toFixed(1)} s, ${(grownBytes / 1e6).toFixed(0)} MB more resident`,
    );
    return {
      spans: trace.spans,
      seconds,
      firstMessageSeconds: (first - from) / 1000,
      messages,
      complete: spans === trace.spans,
      grownBytes,
      grownBytesSlowReader,
    };
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}
