import { Agent, get, request } from "node:http";
import { type Batch, batchesOf } from "../data/batches.js";
import { spansPerTrace } from "../data/flows.js";
import { largeTrace } from "../data/large-trace.js";
import { services } from "../data/vocabulary.js";
import { connect } from "../driver/client.js";
import { exportBatches } from "../driver/export.js";
import { cpuSeconds, resetPeak, residentBytes, settle } from "../driver/process.js";
import { hasJaeger, startJaegerQuery } from "../targets/jaeger-query.js";
import type { Session } from "./session.js";

export interface HttpResult {
  /** Processor seconds of the server for a million spans. */
  readonly grpcIngest: number;
  readonly httpIngest: number;
  /** Processor milliseconds of a search for 20 traces, answered whole. */
  readonly search: number;
  /** The same asked of Jaeger's query service in front of the server: both together; undefined without a `jaeger`. */
  readonly searchThroughJaeger: number | undefined;
  readonly huge: {
    readonly spans: number;
    readonly rows: readonly {
      readonly name: string;
      readonly seconds: number;
      readonly firstByteSeconds: number;
      readonly cpuSeconds: number;
      readonly bytes: number;
      /** Growth of the server's resident memory over what it had before. */
      readonly grownBytes: number;
    }[];
  };
}

const rounds = 4;
const batchSpans = 1000;
const connections = 8;
const settleSeconds = 30;
const hugeSpans = 200_000;
const warmupSearches = 100;
const searches = 300;
const tracesOfSearch = 20;

/** The same spans by OTLP/gRPC and by OTLP/HTTP in turn; searches with and without Jaeger's query; a large trace. */
export async function measureHttp(session: Session): Promise<HttpResult> {
  const { httpAddress, processes } = session.server;
  if (httpAddress === undefined) throw new Error("this server has no HTTP API");
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const clients = Array.from({ length: connections }, () => connect(session.server.address));
  const byGrpc = async (batches: readonly Batch[]) => void (await exportBatches(clients, batches));
  const byHttp = (batches: readonly Batch[]) => postBatches(agent, httpAddress, batches);
  const part = Math.floor((session.nextAge + 1) / (2 * rounds + 2));
  const next = (): Batch[] => {
    const newest = session.nextAge - part + 1;
    const batches = [...batchesOf(session.set, session.nextAge, newest, batchSpans, "whole")];
    session.nextAge = newest - 1;
    return batches;
  };
  const spent = async (send: (batches: readonly Batch[]) => Promise<void>): Promise<number> => {
    const batches = next();
    await settle(processes, settleSeconds);
    const before = cpuSeconds(processes);
    await send(batches);
    await settle(processes, settleSeconds);
    return cpuSeconds(processes) - before;
  };
  // What runs often is compiled.
  await spent(byGrpc);
  await spent(byHttp);
  let grpc = 0;
  let http = 0;
  for (let round = 0; round < rounds; round++) {
    grpc += await spent(byGrpc);
    http += await spent(byHttp);
  }
  for (const client of clients) client.close();
  session.spansStored = (2 * rounds + 2) * part * spansPerTrace;
  const million = 1_000_000 / (rounds * part * spansPerTrace);
  session.say(
    `ingest by gRPC ${(grpc * million).toFixed(2)}, by HTTP ${(http * million).toFixed(2)} CPU s per million`,
  );

  const search = await searchesOf(session, agent, httpAddress, processes);
  session.say(`search for ${tracesOfSearch} traces: ${search.toFixed(2)} CPU ms`);
  let searchThroughJaeger: number | undefined;
  if (hasJaeger()) {
    const jaeger = await startJaegerQuery(session.server.address);
    try {
      const both = processes === undefined ? undefined : [...processes, jaeger.pid];
      searchThroughJaeger = await searchesOf(session, agent, jaeger.address, both);
      session.say(`the same through Jaeger's query: ${searchThroughJaeger.toFixed(2)} CPU ms`);
    } finally {
      await jaeger.stop();
    }
  }

  const trace = largeTrace(session.set, hugeSpans);
  await exportBatches([session.client], trace.batches(batchSpans));
  const rows: HttpResult["huge"]["rows"][number][] = [];
  for (const { name, path, headers } of waysTo(trace.traceId)) {
    await settle(processes, settleSeconds);
    const before = residentBytes(processes).now;
    resetPeak(processes);
    const cpuBefore = cpuSeconds(processes);
    const answer = await ask(agent, httpAddress, path, headers);
    const row = { name, ...answer, cpuSeconds: cpuSeconds(processes) - cpuBefore };
    rows.push({ ...row, grownBytes: residentBytes(processes).peak - before });
    session.say(`${name}: ${row.cpuSeconds.toFixed(2)} CPU s, ${(row.bytes / 1e6).toFixed(0)} MB`);
  }
  agent.destroy();
  return {
    grpcIngest: grpc * million,
    httpIngest: http * million,
    search,
    searchThroughJaeger,
    huge: { spans: trace.spans, rows },
  };
}

function waysTo(traceId: string) {
  const protobuf = { accept: "application/x-protobuf" };
  const v3 = `/api/v3/traces/${traceId}`;
  return [
    { name: "Jaeger's JSON", path: `/api/traces/${traceId}`, headers: {} },
    { name: "OTLP/JSON", path: v3, headers: {} },
    { name: "protobuf as stored", path: `${v3}?rawTraces=true`, headers: protobuf },
    {
      name: "protobuf as stored, once",
      path: `${v3}?rawTraces=true`,
      headers: { ...protobuf, "cache-control": "no-store" },
    },
    {
      name: "protobuf as stored, once, by zstd",
      path: `${v3}?rawTraces=true`,
      headers: { ...protobuf, "cache-control": "no-store", "accept-encoding": "zstd" },
    },
  ];
}

/** Processor milliseconds a search, of all services in turn. */
async function searchesOf(
  session: Session,
  agent: Agent,
  address: string,
  processes: readonly number[] | undefined,
): Promise<number> {
  const end = new Date(Number(session.set.endNano / 1_000_000n) + 60_000);
  const start = new Date(end.getTime() - 86_400_000);
  const one = async (i: number): Promise<void> => {
    const parameters = new URLSearchParams({
      "query.service_name": services[i % services.length] as string,
      "query.start_time_min": start.toISOString(),
      "query.start_time_max": end.toISOString(),
      "query.search_depth": String(tracesOfSearch),
    });
    const { bytes } = await ask(agent, address, `/api/v3/traces?${parameters}`);
    if (bytes < 1000) throw new Error(`a search of ${address} was answered ${bytes} bytes`);
  };
  for (let i = 0; i < warmupSearches; i++) await one(i);
  await settle(processes, settleSeconds);
  const before = cpuSeconds(processes);
  for (let i = 0; i < searches; i++) await one(i);
  return ((cpuSeconds(processes) - before) / searches) * 1000;
}

async function postBatches(agent: Agent, address: string, batches: readonly Batch[]): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) {
      await post(agent, address, batch.bytes);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
}

function post(agent: Agent, address: string, body: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/x-protobuf", "content-length": body.length };
    request(`http://${address}/v1/traces`, { method: "POST", agent, headers }, (answer) => {
      answer.resume().on("end", () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`OTLP/HTTP was answered ${answer.statusCode}`));
      });
    })
      .on("error", reject)
      .end(body);
  });
}

function ask(
  agent: Agent,
  address: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly bytes: number; readonly seconds: number; readonly firstByteSeconds: number }> {
  const from = performance.now();
  return new Promise((resolve, reject) => {
    get(`http://${address}${path}`, { agent, headers }, (answer) => {
      const firstByteSeconds = (performance.now() - from) / 1000;
      let bytes = 0;
      answer.on("data", (piece: Uint8Array) => {
        bytes += piece.length;
      });
      answer.on("error", reject).on("end", () => {
        if (answer.statusCode !== 200) reject(new Error(`${path} was answered ${answer.statusCode}`));
        else resolve({ bytes, seconds: (performance.now() - from) / 1000, firstByteSeconds });
      });
    }).on("error", reject);
  });
}
