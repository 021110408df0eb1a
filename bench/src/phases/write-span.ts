import { Buffer } from "node:buffer";
import { spansPerTrace } from "../data/flows.js";
import { createSpanRequests } from "../data/jaeger-spans.js";
import { type DataSet, traceIdOf } from "../data/trace.js";
import { connect, methods, type RawClient } from "../driver/client.js";
import { isRefused, type Measured, measure, type Refused, refusal } from "../driver/measure.js";
import { cpuSeconds, settle } from "../driver/process.js";
import { type Latency, latencyOf } from "../driver/samples.js";
import { forEachField } from "../wire/walk.js";
import { createWriter, putBytes, written } from "../wire/writer.js";
import type { Session } from "./session.js";

export interface WriteSpanRow {
  readonly name: string;
  readonly spans: number;
  readonly spansPerSecond: number;
  /** Server processor seconds for a million spans, what it does afterwards until it is quiet included. */
  readonly cpuSecondsPerMillion: number;
  /** The times of WriteSpan calls; a stream has no answer for a span. */
  readonly latency?: Latency;
}

export interface WriteSpanResult {
  readonly rows: readonly (WriteSpanRow | { readonly name: string; readonly refused: string })[];
  readonly getTrace: { readonly latency: Latency; readonly cpuMilliseconds: number } | Refused;
  /** The number of traces that GetTrace returned whole. */
  readonly whole: string;
}

interface Way {
  readonly name: string;
  readonly share: number;
  readonly connections: number;
  /** Calls in flight on a connection, of WriteSpan; of a stream there is one. */
  readonly inFlight: number;
  readonly stream: boolean;
}

/** Jaeger's collector writes with 50 workers on one connection. */
const ways: readonly Way[] = [
  { name: "WriteSpan, 1 at a time", share: 0.05, connections: 1, inFlight: 1, stream: false },
  { name: "WriteSpan, 1 collector of 50 workers", share: 0.25, connections: 1, inFlight: 50, stream: false },
  { name: "WriteSpan, 8 collectors of 50 workers", share: 0.25, connections: 8, inFlight: 50, stream: false },
  { name: "WriteSpanStream, 1 stream", share: 0.2, connections: 1, inFlight: 1, stream: true },
  { name: "WriteSpanStream, 8 streams", share: 0.25, connections: 8, inFlight: 1, stream: true },
];
const maxSpans = 200_000;
const warmupSpans = 2_000;
const settleSeconds = 30;
const sampledTraces = 200;
const daysOlder = 10n;
const dayNano = 86_400_000_000_000n;

/** Writes spans one by one over storage.v1, as collectors of Jaeger 1 do, and reads traces back over it. */
export async function measureWriteSpan(session: Session): Promise<WriteSpanResult> {
  const { server } = session;
  const spans = Math.min(maxSpans, session.set.traces * spansPerTrace);
  // Other traces than those of the other phases, and far from their times.
  const set: DataSet = {
    seed: session.set.seed + 1,
    traces: Math.floor(spans / spansPerTrace),
    endNano: session.set.endNano - daysOlder * dayNano,
  };
  const requestsOf = createSpanRequests(set);
  let age = set.traces - 1;
  const take = (count: number): Buffer[] => {
    const requests: Buffer[] = [];
    while (requests.length < count && age >= 0) requests.push(...requestsOf(age--));
    return requests;
  };
  const clients = Array.from({ length: 8 }, () => connect(server.address));
  await writeAll(clients, 50, take(warmupSpans)).catch(() => undefined);
  const rows: WriteSpanResult["rows"][number][] = [];
  for (const { name, share, connections, inFlight, stream } of ways) {
    const before = age;
    const requests = take(Math.floor((spans - warmupSpans) * share));
    await settle(server.processes, settleSeconds);
    const cpuBefore = cpuSeconds(server.processes);
    const some = clients.slice(0, connections);
    try {
      const outcome = stream ? await streamAll(some, requests) : await writeAll(some, inFlight, requests);
      await settle(server.processes, settleSeconds);
      const cpu = cpuSeconds(server.processes) - cpuBefore;
      rows.push({
        name,
        spans: requests.length,
        spansPerSecond: requests.length / outcome.seconds,
        cpuSecondsPerMillion: (cpu / requests.length) * 1_000_000,
        ...(outcome.latencies.length === 0 ? {} : { latency: latencyOf(outcome.latencies) }),
      });
      session.spansStored += requests.length;
      session.say(
        `${name}: ${(requests.length / outcome.seconds).toFixed(0)} spans/s, ` +
          `${((cpu / requests.length) * 1_000_000).toFixed(1)} CPU s per million`,
      );
    } catch (error) {
      rows.push({ name, ...refusal(error) });
      session.say(`${name}: refused`);
      // The next way writes what this one did not, so that all traces are whole.
      age = before;
    }
  }
  const read = await readBack(session, set, age + 1);
  for (const client of clients) client.close();
  return { rows, ...read };
}

interface Outcome {
  readonly seconds: number;
  readonly latencies: readonly number[];
}

async function writeAll(
  clients: readonly RawClient[],
  inFlight: number,
  requests: readonly Buffer[],
): Promise<Outcome> {
  const latencies: number[] = [];
  let next = 0;
  const started = performance.now();
  const worker = async (client: RawClient): Promise<void> => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      const from = performance.now();
      await client.unary(methods.writeSpan, request);
      latencies.push(performance.now() - from);
    }
  };
  await Promise.all(clients.flatMap((client) => Array.from({ length: inFlight }, () => worker(client))));
  return { seconds: (performance.now() - started) / 1000, latencies };
}

async function streamAll(clients: readonly RawClient[], requests: readonly Buffer[]): Promise<Outcome> {
  const started = performance.now();
  const part = Math.ceil(requests.length / clients.length);
  await Promise.all(
    clients.map((client, i) =>
      client.upload(methods.writeSpanStream, requests.slice(i * part, (i + 1) * part)),
    ),
  );
  return { seconds: (performance.now() - started) / 1000, latencies: [] };
}

/** Traces by id over storage.v1, spread over all that were written. */
async function readBack(
  session: Session,
  set: DataSet,
  newest: number,
): Promise<Pick<WriteSpanResult, "getTrace" | "whole">> {
  const step = Math.max(1, Math.floor((set.traces - newest) / sampledTraces));
  const requests: Buffer[] = [];
  for (let age = newest; age < set.traces && requests.length < sampledTraces; age += step) {
    const request = createWriter(32);
    putBytes(request, 1, Buffer.from(traceIdOf(set, age), "hex"));
    requests.push(written(request));
  }
  const call = (i: number) => session.client.stream(methods.getTrace, requests[i] as Buffer);
  const effort = { ...session.effort, calls: requests.length, leastCalls: requests.length };
  const outcome: Measured | Refused = await measure(call, requests.length, effort, session.server.processes);
  if (isRefused(outcome)) return { getTrace: outcome, whole: "refused" };
  const { latency, cpuMilliseconds, answers } = outcome;
  const whole = [...answers.values()].filter((chunks) => spansIn(chunks) === spansPerTrace).length;
  return { getTrace: { latency, cpuMilliseconds }, whole: `${whole} of ${requests.length}` };
}

/** How many spans these SpansResponseChunks hold. */
function spansIn(chunks: readonly Buffer[]): number {
  let spans = 0;
  for (const chunk of chunks) {
    forEachField(chunk, 0, chunk.length, (field) => {
      if (field === 1) spans++;
    });
  }
  return spans;
}
