import { setTimeout as delay } from "node:timers/promises";
import { type QueryKind, queryKinds } from "../data/questions/queries.js";
import { stepNano, traceIdOf } from "../data/trace.js";
import { connect, methods, type RawClient } from "../driver/client.js";
import { cpuSeconds, diskBytes, residentBytes } from "../driver/process.js";
import { type Latency, latencyOf } from "../driver/samples.js";
import { startLoad } from "../load.js";
import { traceIdsOfTraces } from "../wire/answers.js";
import { findRequest, getTracesRequest } from "../wire/requests.js";
import { allMatch, compareTraces, type TraceAgreement } from "./checks/check.js";
import { newestAge, type Session } from "./session.js";

/** The measurements of a stretch of time. */
export interface SoakSample {
  /** Since the beginning, at the stretch's end. */
  readonly minutes: number;
  readonly spansPerSecond: number;
  readonly searches: Latency;
  /** Searches that failed or answered what does not match. */
  readonly faults: number;
  /** Writes that were refused for the moment. */
  readonly refusals: number;
  /** Processors in use, of the server and its engine. */
  readonly cores: number;
  /** Resident, of the server and its engine. */
  readonly residentBytes: number;
  readonly diskBytes?: number;
}

export interface SoakResult {
  readonly rate: number;
  readonly samples: readonly SoakSample[];
  /** The errors of searches, and their counts. */
  readonly faults: ReadonlyMap<string, number>;
  /** Every trace that was acknowledged, asked for by id at the end. */
  readonly traces: {
    readonly asked: number;
    readonly whole: number;
    readonly identical: number;
    /** Those found only at the second try: Elasticsearch shows new spans a little later. */
    readonly late: number;
  };
  readonly keepsBytes: boolean;
}

export interface SoakOrder {
  readonly minutes: number;
  readonly loadFactor: number;
  readonly loadRate: number | undefined;
}

export function faultsOfSoak({ traces, faults, keepsBytes }: SoakResult): string[] {
  const kept = keepsBytes ? traces.identical : traces.whole;
  return [
    ...(kept < traces.asked ? [`soak: ${kept} of ${traces.asked} traces as they were written`] : []),
    ...[...faults].map(([fault, count]) => `soak: ${count} searches: ${fault}`),
  ];
}

const samplesWanted = 60;
const leastSampleSeconds = 5;
/** From the beginning of one search to that of the next, unless it takes longer. */
const millisPerSearch = 100;
/** Each with a call in flight: enough to ask for more than a server takes, if more is to be asked for. */
const connections = 8;
const connectionsOfOverload = 400;

/** Searches while spans are written, for a long time; then every trace that was acknowledged, by id. */
export async function measureSoak(session: Session, order: SoakOrder): Promise<SoakResult> {
  const rate = order.loadRate ?? (session.sustainable ?? Number.NaN) * order.loadFactor;
  session.say(`${order.minutes} minutes of searches while ${rate.toFixed(0)} spans/s are sent`);
  const load = startLoad({
    address: session.server.address,
    set: session.set,
    fromAge: session.nextAge,
    batchSpans: 1000,
    connections: order.loadFactor > 1 ? connectionsOfOverload : connections,
    spansPerSecond: rate,
  });
  const samples: SoakSample[] = [];
  const faults = new Map<string, number>();
  const began = performance.now();
  const end = began + order.minutes * 60_000;
  const sampleMillis = Math.max(leastSampleSeconds * 1000, (order.minutes * 60_000) / samplesWanted);
  try {
    while (performance.now() < end) {
      const sample = await takeSample(
        session,
        load,
        began,
        Math.min(end, performance.now() + sampleMillis),
        faults,
      );
      samples.push(sample);
      session.say(describeSample(sample));
    }
  } finally {
    const report = await load.stop();
    session.nextAge = report.nextAge;
    session.spansStored += report.spans;
  }
  const traces = await checkAll(session);
  session.say(`${traces.whole} of ${traces.asked} traces whole, ${traces.identical} byte for byte`);
  return { rate, samples, faults, traces, keepsBytes: session.target.keepsBytes };
}

async function takeSample(
  session: Session,
  load: ReturnType<typeof startLoad>,
  began: number,
  until: number,
  faults: Map<string, number>,
): Promise<SoakSample> {
  const { processes, dataDirectory } = session.server;
  const from = performance.now();
  const before = { spans: load.spans(), retries: load.retries(), cpu: cpuSeconds(processes) };
  const kinds = newestKinds(session, before.spans);
  const millis: number[] = [];
  let failed = 0;
  for (let turn = 0; performance.now() < until; turn++) {
    const started = performance.now();
    const fault = await searchOnce(session, kinds[turn % kinds.length] as QueryKind, turn, millis);
    if (fault !== undefined) {
      failed++;
      faults.set(fault, (faults.get(fault) ?? 0) + 1);
    }
    await delay(Math.max(1, started + millisPerSearch - performance.now()));
  }
  const seconds = (performance.now() - from) / 1000;
  return {
    minutes: (performance.now() - began) / 60_000,
    spansPerSecond: (load.spans() - before.spans) / seconds,
    searches: latencyOf(millis),
    faults: failed,
    refusals: load.retries() - before.retries,
    cores: (cpuSeconds(processes) - before.cpu) / seconds,
    residentBytes: residentBytes(processes).now,
    ...(dataDirectory === undefined ? {} : { diskBytes: diskBytes(dataDirectory) }),
  };
}

/** The searches of the last day before the newest span that is there. */
function newestKinds({ set, nextAge }: Session, spansSince: number): readonly QueryKind[] {
  const age = nextAge - Math.floor(spansSince / 10);
  return queryKinds({ ...set, endNano: set.endNano - BigInt(age) * BigInt(stepNano) }, "day");
}

/** Returns the faults; none when all is well. */
async function searchOnce(
  session: Session,
  { name, queries }: QueryKind,
  turn: number,
  millis: number[],
): Promise<string | undefined> {
  const query = queries[turn % queries.length];
  if (query === undefined) return undefined;
  const request = findRequest(query.search);
  const from = performance.now();
  try {
    const answer = await session.client.stream(methods.findTraces, request);
    millis.push(performance.now() - from);
    const sound = allMatch(session.set, query, traceIdsOfTraces(answer));
    return sound ? undefined : `${name}: answers a trace that does not match`;
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const tracesPerCall = 50;
const callsAtOnce = 4;

/** Asks for every trace that was written. */
async function checkAll(session: Session): Promise<SoakResult["traces"]> {
  const { set } = session;
  let next = newestAge(session);
  const counts = { asked: 0, whole: 0, identical: 0, late: 0 };
  const clients = Array.from({ length: callsAtOnce }, () => connect(session.server.address));
  const check = async (client: RawClient, ages: readonly number[]): Promise<TraceAgreement> => {
    const request = getTracesRequest(ages.map((age) => traceIdOf(set, age)));
    return compareTraces(set, ages, await client.stream(methods.getTraces, request));
  };
  const add = ({ whole, identical }: TraceAgreement, traces: number): void => {
    if (whole) counts.whole += traces;
    if (identical) counts.identical += traces;
  };
  const amiss: number[] = [];
  await Promise.all(
    clients.map(async (client) => {
      while (next < set.traces) {
        const ages: number[] = [];
        for (; ages.length < tracesPerCall && next < set.traces; next++) ages.push(next);
        counts.asked += ages.length;
        const all = await check(client, ages);
        if (all.identical) {
          add(all, ages.length);
          continue;
        }
        // One by one only where something is amiss, to say how much.
        for (const age of ages) {
          const one = await check(client, [age]);
          if (one.identical) add(one, 1);
          else amiss.push(age);
        }
      }
    }),
  );
  for (const age of amiss) {
    const one = await check(clients[0] as RawClient, [age]);
    add(one, 1);
    if (one.identical) counts.late++;
  }
  for (const client of clients) client.close();
  return counts;
}

function describeSample(sample: SoakSample): string {
  const { minutes, spansPerSecond, searches, faults, refusals } = sample;
  return (
    `${minutes.toFixed(1)} min: ${spansPerSecond.toFixed(0)} spans/s, searches p50 ${searches.p50.toFixed(1)} ms, ` +
    `p99 ${searches.p99.toFixed(1)} ms, ${faults} faults, ${refusals} refusals, ` +
    `${(sample.residentBytes / 1e6).toFixed(0)} MB resident`
  );
}
