import { rmSync } from "node:fs";
import { join } from "node:path";
import { spansPerTrace } from "./data/flows.js";
import type { DataSet } from "./data/trace.js";
import { type Effort, isRefused, type Refused } from "./driver/measure.js";
import { settle } from "./driver/process.js";
import type { Options } from "./options.js";
import type { SecondOpinion } from "./phases/checks/reference.js";
import { type DependenciesResult, measureDependencies } from "./phases/dependencies.js";
import { type FilterResult, measureFilters } from "./phases/filters.js";
import { type HttpResult, measureHttp } from "./phases/http.js";
import { type IngestResult, measureIngest, write } from "./phases/ingest.js";
import { type LargeResult, measureLarge } from "./phases/large.js";
import { measurePages, type PagesResult } from "./phases/pages.js";
import { measureRestart, type RestartResult } from "./phases/restart.js";
import { measureScale, type ScaleResult } from "./phases/scale.js";
import { describe, measureSearches, type SearchRow } from "./phases/searches.js";
import { closeServer, openSession, type Session } from "./phases/session.js";
import { faultsOfSoak, measureSoak, type SoakResult } from "./phases/soak.js";
import { type LoadResult, measureUnderLoad } from "./phases/under-load.js";
import { measureWriteSpan, type WriteSpanResult } from "./phases/write-span.js";
import {
  type Elasticsearch,
  jaegerOnElasticsearch,
  spanstoreOnElasticsearch,
} from "./targets/elasticsearch.js";
import { externalTarget } from "./targets/external.js";
import { jaegerTarget } from "./targets/jaeger.js";
import { type Jaeger1Backend, jaeger1Target } from "./targets/jaeger1.js";
import { manticoreTarget } from "./targets/manticore.js";
import { spanstoreTarget } from "./targets/spanstore.js";
import type { Target } from "./targets/target.js";

export interface TargetResult {
  readonly name: string;
  readonly about: string;
  readonly command: string;
  /** Whether it is ours; the others are compared with it. */
  readonly ours: boolean;
  ingest?: IngestResult;
  searches?: readonly SearchRow[];
  filters?: FilterResult | Refused;
  pages?: PagesResult | Refused;
  scale?: ScaleResult;
  dependencies?: DependenciesResult | Refused;
  load?: LoadResult;
  restart?: RestartResult;
  large?: LargeResult;
  writeSpan?: WriteSpanResult;
  http?: HttpResult;
  soak?: SoakResult;
  /** The failure that ended its measurement early. */
  failure?: string;
}

/** The wrong or missing answers of a target, in words; empty when all was right. */
export function faultsOf(result: TargetResult): string[] {
  const faults: string[] = result.failure === undefined ? [] : [`ended early: ${result.failure}`];
  const phases: readonly (readonly [string, readonly SearchRow[] | undefined])[] = [
    ["", result.searches],
    ["during ingest, ", result.load?.rows],
    ["after ingest, ", result.load?.afterwards],
    ["after a restart, ", result.restart === undefined ? undefined : [result.restart.search]],
  ];
  for (const [when, rows] of phases) {
    for (const row of rows ?? []) if ("refused" in row || !row.right) faults.push(when + describe(row));
  }
  faults.push(...faultsOfOutcome("filters", result.filters), ...faultsOfOutcome("pages", result.pages));
  for (const row of result.scale?.rows ?? []) {
    if (!row.right) faults.push(`${row.name} on ${result.scale?.factor} times the spans: ${row.exact} exact`);
  }
  const { dependencies, large } = result;
  if (dependencies !== undefined) {
    if (isRefused(dependencies)) faults.push(`dependencies: ${dependencies.refused}`);
    else if (dependencies.exact < dependencies.asked) {
      faults.push(`dependencies: ${dependencies.exact} of ${dependencies.asked} exact`);
    }
  }
  for (const trace of large === undefined ? [] : [large.middle, large.huge]) {
    if (isRefused(trace)) faults.push(`large trace: ${trace.refused}`);
    else if (!trace.complete) faults.push(`the trace of ${trace.spans} spans is not whole`);
  }
  if (result.writeSpan !== undefined) faults.push(...faultsOfWriteSpan(result.writeSpan));
  if (result.soak !== undefined) faults.push(...faultsOfSoak(result.soak));
  return faults;
}

function faultsOfWriteSpan({ rows, whole }: WriteSpanResult): string[] {
  const faults = rows.flatMap((row) => ("refused" in row ? [`${row.name}: ${row.refused}`] : []));
  const [got, asked] = whole.split(" of ");
  return got === asked ? faults : [...faults, `traces over storage.v1: ${whole} whole`];
}

/** For filters or for pages. */
function faultsOfOutcome(
  what: string,
  outcome: { readonly rows: readonly SearchRow[]; readonly memory: SecondOpinion } | Refused | undefined,
): string[] {
  if (outcome === undefined) return [];
  if (isRefused(outcome)) return [`${what}: ${outcome.refused}`];
  const { rows, memory } = outcome;
  const faults = rows
    .filter((row) => "refused" in row || !row.right)
    .map((row) => `${what}, ${describe(row)}`);
  if (memory.equal < memory.asked) {
    faults.push(`${what}: ${memory.equal} of ${memory.asked} answers equal the memory engine's`);
  }
  return faults;
}

interface Contender {
  readonly ours: boolean;
  make(directory: string): Target;
}

function contenders(options: Options): Contender[] {
  const traces = options.spans / spansPerTrace;
  // Room for what is written while searches run: the memory store drops old traces once it is full.
  const maxTraces = Math.ceil(traces * 2) + 500_000;
  return [
    ...options.stores.map((backend) => ({ ours: true, make: storeTarget(backend, options) })),
    ...options.endpoints.map((spec) => ({ ours: false, make: () => externalTarget(spec) })),
    ...options.peers.map((backend) => ({
      ours: false,
      make: (directory: string) => {
        if (backend === "elasticsearch") return jaegerOnElasticsearch(elasticsearchOf(options), directory);
        return isJaeger1(backend)
          ? jaeger1Target(backend, directory, maxTraces)
          : jaegerTarget(backend, directory, maxTraces);
      },
    })),
  ];
}

function storeTarget(backend: Options["stores"][number], options: Options): (directory: string) => Target {
  const { storeArgs, server } = options;
  switch (backend) {
    case "manticore":
      return (directory) => manticoreTarget(directory, storeArgs, server);
    case "elasticsearch":
      return (directory) => spanstoreOnElasticsearch(elasticsearchOf(options), directory, storeArgs, server);
    default:
      return (directory) => spanstoreTarget(backend, directory, storeArgs, server);
  }
}

function elasticsearchOf({ elasticsearch }: Options): Elasticsearch {
  if (elasticsearch === undefined) throw new Error("--elasticsearch=URL,PID,DIR says which one to use");
  return elasticsearch;
}

function isJaeger1(backend: Exclude<Options["peers"][number], "elasticsearch">): backend is Jaeger1Backend {
  return backend.endsWith("-1.76");
}

/** Measures every contender, one after the other; a failure of one is reported and the next one follows. */
export async function run(
  options: Options,
  directory: string,
  say: (line: string) => void,
): Promise<TargetResult[]> {
  const set: DataSet = {
    seed: options.seed,
    traces: Math.floor(options.spans / spansPerTrace),
    endNano: options.endNano,
  };
  const results: TargetResult[] = [];
  for (const { ours, make } of contenders(options)) {
    const target = make(directory);
    const result: TargetResult = { name: target.name, about: target.about, command: target.command, ours };
    results.push(result);
    try {
      await measureTarget(result, target, make, set, options, directory, say);
    } catch (error) {
      result.failure = error instanceof Error ? error.message : String(error);
      say(`[${target.name}] ended early: ${result.failure}`);
    }
    if (!options.keep) rmSync(directory, { recursive: true, force: true });
  }
  return results;
}

async function measureTarget(
  result: TargetResult,
  target: Target,
  make: (directory: string) => Target,
  set: DataSet,
  options: Options,
  directory: string,
  say: (line: string) => void,
): Promise<void> {
  const effort: Effort = {
    warmup: options.calls,
    calls: options.calls,
    seconds: options.seconds,
    leastCalls: 5,
  };
  const session = await openSession(target, set, effort, options.coverage, say);
  try {
    await measurePhases(result, session, options, (larger) =>
      openSession(make(join(directory, "scale")), larger, effort, options.coverage, say),
    );
  } finally {
    await closeServer(session);
  }
}

async function measurePhases(
  result: TargetResult,
  session: Session,
  options: Options,
  open: (set: DataSet) => Promise<Session>,
): Promise<void> {
  const { only, arrival } = options;
  if (only.has("write-span") && only.size === 1) {
    result.writeSpan = await measureWriteSpan(session);
    return;
  }
  if (only.has("http") && only.size === 1) {
    result.http = await measureHttp(session);
    return;
  }
  if (only.has("ingest")) result.ingest = await measureIngest(session, arrival);
  else {
    const written = await write(session, session.set.traces, 8, 1000, arrival);
    session.sustainable = written.spans / written.seconds;
  }
  await settle(session.server.processes, 30);
  if (only.has("search")) result.searches = await measureSearches(session);
  if (only.has("filter")) result.filters = await measureFilters(session);
  if (only.has("pages")) result.pages = await measurePages(session);
  if (only.has("scale") && result.ours) result.scale = await measureScale(session, options.scale, open);
  if (only.has("dependencies")) result.dependencies = await measureDependencies(session);
  if (only.has("restart") && session.target.persistent) result.restart = await measureRestart(session);
  const rate = options.loadRate ?? (session.sustainable === undefined ? undefined : session.sustainable / 2);
  if (only.has("load")) {
    if (rate === undefined) throw new Error("phase load needs phase ingest before it, or --load-rate");
    result.load = await measureUnderLoad(session, rate, result.ours);
  }
  if (only.has("soak")) {
    const { minutes, loadFactor, loadRate } = options;
    result.soak = await measureSoak(session, { minutes, loadFactor, loadRate });
  }
  if (only.has("large")) result.large = await measureLarge(session);
  if (only.has("write-span")) result.writeSpan = await measureWriteSpan(session);
}
