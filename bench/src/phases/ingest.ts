import { type Arrival, type Batch, batchesOf } from "../data/batches.js";
import { spansPerTrace } from "../data/flows.js";
import { connect } from "../driver/client.js";
import { type ExportOutcome, exportBatches } from "../driver/export.js";
import { cpuSeconds, residentBytes, settle } from "../driver/process.js";
import { type Latency, latencyOf } from "../driver/samples.js";
import type { Session } from "./session.js";

export interface IngestRow {
  readonly connections: number;
  readonly batchSpans: number;
  readonly spans: number;
  readonly spansPerSecond: number;
  /** Server processor seconds for a million spans, what it does afterwards until it is quiet included. */
  readonly cpuSecondsPerMillion: number;
  /** The times of Export calls. */
  readonly latency: Latency;
  readonly retries: number;
}

export interface IngestResult {
  readonly rows: readonly IngestRow[];
  readonly spansPerCpuSecond: number;
  readonly bytesPerSpan: number;
  readonly peakResidentBytes: number;
}

const combinations = [
  { connections: 8, batchSpans: 1000 },
  { connections: 8, batchSpans: 100 },
  { connections: 1, batchSpans: 1000 },
  { connections: 1, batchSpans: 100 },
] as const;

/** Batches are encoded this many spans at a time, while the clock stands still. */
const segmentSpans = 250_000;
const warmupSpans = 20_000;
const settleSeconds = 30;

/**
 * Writes the whole data set, oldest first: a short warm-up, then an equal part of it for each combination of
 * connections and batch size.
 */
export async function measureIngest(session: Session, arrival: Arrival): Promise<IngestResult> {
  const { set, server } = session;
  const warmup = Math.min(warmupSpans, Math.floor((set.traces * spansPerTrace) / 20));
  await write(session, Math.floor(warmup / spansPerTrace), 8, 1000, arrival);
  const rows: IngestRow[] = [];
  let bytes = 0;
  let cpuAll = 0;
  const part = Math.floor((session.nextAge + 1) / combinations.length);
  for (const [index, { connections, batchSpans }] of combinations.entries()) {
    const traces = index === combinations.length - 1 ? session.nextAge + 1 : part;
    await settle(server.processes, settleSeconds);
    const cpuBefore = cpuSeconds(server.processes);
    const outcome = await write(session, traces, connections, batchSpans, arrival);
    await settle(server.processes, settleSeconds);
    const cpu = cpuSeconds(server.processes) - cpuBefore;
    cpuAll += cpu;
    bytes += outcome.bytes;
    const row: IngestRow = {
      connections,
      batchSpans,
      spans: outcome.spans,
      spansPerSecond: outcome.spans / outcome.seconds,
      cpuSecondsPerMillion: (cpu / outcome.spans) * 1_000_000,
      latency: latencyOf(outcome.latencies),
      retries: outcome.retries,
    };
    if (connections === 8 && batchSpans === 1000) session.sustainable = row.spansPerSecond;
    rows.push(row);
    session.say(
      `ingest ${connections} x ${batchSpans}: ${row.spansPerSecond.toFixed(0)} spans/s, ` +
        `${row.cpuSecondsPerMillion.toFixed(1)} CPU s per million`,
    );
  }
  const spans = rows.reduce((sum, row) => sum + row.spans, 0);
  return {
    rows,
    spansPerCpuSecond: spans / cpuAll,
    bytesPerSpan: bytes / spans,
    peakResidentBytes: residentBytes(server.processes).peak,
  };
}

/** Writes the next `traces` traces of the data set. */
export async function write(
  session: Session,
  traces: number,
  connections: number,
  batchSpans: number,
  arrival: Arrival,
): Promise<ExportOutcome & { readonly bytes: number }> {
  const clients = Array.from({ length: connections }, () => connect(session.server.address));
  const total = { spans: 0, seconds: 0, latencies: [] as number[], retries: 0, bytes: 0 };
  const oldest = session.nextAge;
  const newest = oldest - traces + 1;
  const batches = batchesOf(session.set, oldest, newest, batchSpans, arrival);
  for (let segment = take(batches); segment.length > 0; segment = take(batches)) {
    const outcome = await exportBatches(clients, segment);
    total.spans += outcome.spans;
    total.seconds += outcome.seconds;
    total.latencies.push(...outcome.latencies);
    total.retries += outcome.retries;
    total.bytes += segment.reduce((sum, batch) => sum + batch.bytes.length, 0);
  }
  for (const client of clients) client.close();
  session.nextAge = newest - 1;
  session.spansStored += total.spans;
  return total;
}

function take(batches: Generator<Batch>): Batch[] {
  const segment: Batch[] = [];
  for (let spans = 0; spans < segmentSpans; ) {
    const next = batches.next();
    if (next.done === true) break;
    segment.push(next.value);
    spans += next.value.spans;
  }
  return segment;
}
