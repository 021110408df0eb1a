import { parseArgs } from "node:util";
import type { Arrival } from "./data/batches.js";
import { type Coverage, fiveMinutes } from "./data/questions/queries.js";
import { type Elasticsearch, elasticsearchAt } from "./targets/elasticsearch.js";
import type { JaegerBackend } from "./targets/jaeger.js";
import type { Jaeger1Backend } from "./targets/jaeger1.js";

export const phases = [
  "ingest",
  "search",
  "filter",
  "pages",
  "scale",
  "dependencies",
  "restart",
  "load",
  "large",
  "write-span",
  "http",
  "soak",
] as const;
export type Phase = (typeof phases)[number];

/** Not measured unless they are asked for. */
const onDemand: ReadonlySet<Phase> = new Set(["scale", "write-span", "http", "soak"]);

export interface Options {
  readonly spans: number;
  readonly seed: number;
  readonly endNano: bigint;
  readonly stores: readonly ("sqlite" | "manticore" | "elasticsearch" | "memory")[];
  readonly storeArgs: readonly string[];
  /** Another build of spanstore's server than the workspace's. */
  readonly server?: string;
  readonly peers: readonly (JaegerBackend | Jaeger1Backend | "elasticsearch")[];
  readonly elasticsearch?: Elasticsearch;
  readonly endpoints: readonly string[];
  readonly only: ReadonlySet<Phase>;
  readonly scale: number;
  readonly arrival: Arrival;
  readonly calls: number;
  readonly seconds: number;
  /** How much time each search covers. */
  readonly coverage: Coverage;
  readonly loadRate?: number;
  /** The length of phase soak, and its rate as a multiple of what the server sustains. */
  readonly minutes: number;
  readonly loadFactor: number;
  readonly directory?: string;
  readonly keep: boolean;
  readonly out?: string;
}

export const help = `Measures spanstore beside its peers, each as a process behind OTLP and jaeger.storage.v2.

  npm run bench -- [options]

What is measured
  --spans=N             spans of the data set, ten a trace            [1000000]
  --seed=N              the data set and the searches follow from it  [1]
  --end=TIME            ISO time of the newest trace                  [the current hour, six hours ago]
  --arrival=whole|split a trace in one request, or one request for each of its services  [whole]
  --only=A,B,...        ${phases.join(", ")}
                        [all but scale, write-span, http and soak]; the data set is written unless it is write-span or http alone
  --scale=N             for phase scale: how many times the spans     [10]
  --calls=N             calls measured of each kind of search         [200]
  --seconds=N           ... or as many as fit into this time          [5]
  --range=5m|day        what searches ask for: a random five minutes within the data, every third time
                        in its oldest third, or the last day            [5m]
  --load-rate=N         spans/s written during phases load and soak   [half of what the server sustained]
  --minutes=N           for phase soak: how long                      [60]
  --load-factor=N       for phase soak: how many times what the server sustained is sent; 10 is ten times too much  [0.5]

Whom
  --stores=A,B          sqlite, manticore, elasticsearch, memory or none  [sqlite]
                        manticore: searchd has to be on PATH
  --store-args="..."    more arguments for spanstore's server
  --server=FILE         the server's main.js                          [the workspace's build]
  --peers=A,B           badger, badger-sync, memory, elasticsearch or none  [badger,memory]
                        jaeger-remote-storage has to be on PATH; for badger-1.76, badger-sync-1.76 and memory-1.76,
                        which speak storage.v1 too, jaeger-remote-storage-1.76
  --elasticsearch=URL,PID,DIR   for the store or the peer elasticsearch: one that runs, and its data;
                        what they have in it is removed first
  --endpoint=NAME=HOST:PORT[,PID]   a server that already runs; may be given several times

Where
  --dir=DIR             where the servers keep their data             [the system's temporary directory]
  --keep                leave that data there
  --out=FILE            write the report (Markdown) there as well as to standard output
  --help
`;

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name}: a whole number from 1 on, not "${text}"`);
  return value;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new Error(`--${name}: a number above 0, not "${text}"`);
  return value;
}

/** @throws for words that name no range. */
function coverageOf(text: string): Coverage {
  if (text !== "5m" && text !== "day") throw new Error(`--range: 5m or day, not "${text}"`);
  return text === "day" ? "day" : fiveMinutes;
}

function listOf<T extends string>(name: string, text: string, allowed: readonly T[]): T[] {
  const items = text.split(",").filter((item) => item !== "" && item !== "none");
  return items.map((item) => {
    const known = allowed.find((candidate) => candidate === item);
    if (known === undefined) throw new Error(`--${name}: "${item}" is none of ${allowed.join(", ")}`);
    return known;
  });
}

function defaultEnd(now: number): bigint {
  const hour = 3_600_000;
  return BigInt(Math.floor(now / hour) * hour - 6 * hour) * 1_000_000n;
}

/** Reads the command line; `undefined` when help is wanted. Throws with words on what it does not know. */
export function readOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      spans: { type: "string", default: "1000000" },
      seed: { type: "string", default: "1" },
      end: { type: "string" },
      arrival: { type: "string", default: "whole" },
      only: { type: "string", default: phases.filter((phase) => !onDemand.has(phase)).join() },
      scale: { type: "string", default: "10" },
      calls: { type: "string", default: "200" },
      seconds: { type: "string", default: "5" },
      range: { type: "string", default: "5m" },
      "load-rate": { type: "string" },
      minutes: { type: "string", default: "60" },
      "load-factor": { type: "string", default: "0.5" },
      stores: { type: "string", default: "sqlite" },
      server: { type: "string" },
      "store-args": { type: "string", default: "" },
      peers: { type: "string", default: "badger,memory" },
      elasticsearch: { type: "string" },
      endpoint: { type: "string", multiple: true, default: [] },
      dir: { type: "string" },
      keep: { type: "boolean", default: false },
      out: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const end = values.end === undefined ? undefined : Date.parse(values.end);
  if (Number.isNaN(end)) throw new Error(`--end: an ISO time, not "${values.end}"`);
  return {
    spans: Math.max(1000, wholeNumber("spans", values.spans)),
    seed: wholeNumber("seed", values.seed),
    endNano: end === undefined ? defaultEnd(Date.now()) : BigInt(end) * 1_000_000n,
    stores: listOf("stores", values.stores, ["sqlite", "manticore", "elasticsearch", "memory"]),
    storeArgs: values["store-args"].split(" ").filter((arg) => arg !== ""),
    ...(values.server === undefined ? {} : { server: values.server }),
    peers: listOf("peers", values.peers, [
      "badger",
      "badger-sync",
      "memory",
      "badger-1.76",
      "badger-sync-1.76",
      "memory-1.76",
      "elasticsearch",
    ]),
    ...(values.elasticsearch === undefined ? {} : { elasticsearch: elasticsearchAt(values.elasticsearch) }),
    endpoints: values.endpoint,
    only: new Set(listOf("only", values.only, phases)),
    scale: wholeNumber("scale", values.scale),
    arrival: listOf("arrival", values.arrival, ["whole", "split"])[0] ?? "whole",
    calls: wholeNumber("calls", values.calls),
    seconds: wholeNumber("seconds", values.seconds),
    coverage: coverageOf(values.range),
    ...(values["load-rate"] === undefined ? {} : { loadRate: wholeNumber("load-rate", values["load-rate"]) }),
    minutes: positive("minutes", values.minutes),
    loadFactor: positive("load-factor", values["load-factor"]),
    ...(values.dir === undefined ? {} : { directory: values.dir }),
    keep: values.keep,
    ...(values.out === undefined ? {} : { out: values.out }),
  };
}
