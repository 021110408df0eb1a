import { execFileSync } from "node:child_process";
import { availableParallelism, totalmem } from "node:os";
import { searchLimit } from "../data/questions/queries.js";
import { services } from "../data/vocabulary.js";
import type { Options } from "../options.js";
import { faultsOf, type TargetResult } from "../run.js";
import { barSection } from "./bar.js";
import { httpSection } from "./http.js";
import { filterSection, pagesSection } from "./newer.js";
import {
  answersSection,
  cpuSection,
  dependenciesSection,
  ingestSection,
  largeSection,
  latencySection,
  loadNote,
  restartSection,
  scaleSection,
  writeSpanSection,
} from "./sections.js";
import { soakSection } from "./soak.js";
import { thousands } from "./table.js";

function jaegerVersion(): string | undefined {
  try {
    const text = execFileSync("jaeger-remote-storage", ["version"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return /"gitVersion":"([^"]*)"/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

function environment(results: readonly TargetResult[], options: Options, argv: readonly string[]): string {
  const bytes = results.find((result) => result.ingest !== undefined)?.ingest?.bytesPerSpan;
  const version = options.peers.some((peer) => !peer.endsWith("-1.76")) ? jaegerVersion() : undefined;
  const size = bytes === undefined ? "" : `, ${bytes.toFixed(0)} bytes of OTLP a span`;
  const shown = argv.filter((arg) => !/^--(out|dir)\b/.test(arg)).join(" ");
  return [
    `- \`npm run bench -- ${shown}\``,
    `- Data: seed ${options.seed}, ${thousands(options.spans)} spans, ten a trace over three of ${services.length} services, ten span` +
      ` and five resource attributes${size}; arrival ${options.arrival}; newest trace at` +
      ` ${new Date(Number(options.endNano / 1_000_000n)).toISOString()}. Searches ask for the newest ${searchLimit} traces of ${coverageText(options.coverage)}.`,
    `- Machine: ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform}, Node ${process.versions.node};` +
      " the load program runs beside the server on the same cores.",
    ...results.map(({ name, about, command }) => `- ${name}: ${about}: \`${command}\``),
    ...(version === undefined ? [] : [`- jaeger-remote-storage ${version}`]),
    ...results.flatMap(({ name, failure }) =>
      failure === undefined ? [] : [`- **${name} ended early**: ${failure}`],
    ),
  ].join("\n");
}

/** The report of a run as Markdown: the command, and a table for each phase. */
export function reportOf(
  results: readonly TargetResult[],
  options: Options,
  argv: readonly string[],
): string {
  const sections: (readonly [title: string, body: string | undefined])[] = [
    ["Wrong answers of ours", faultSection(results)],
    ["The bar", barSection(results)],
    ["Ingest and disk", ingestSection(results)],
    ["Searches, quiet server", searchSection(results)],
    ["Processor time of a search", cpuSection(results, (result) => result.searches)],
    ["Structured filters, quiet server", filterSection(results)],
    ["Walks through pages, quiet server", pagesSection(results)],
    ["Dependencies", dependenciesSection(results)],
    ["Searches during ingest", loadSection(results)],
    ["Large traces", largeSection(results)],
    ["Restart", restartSection(results)],
    ["Span by span over storage.v1", writeSpanSection(results)],
    ...results.map((result) => [`HTTP: ${result.name}`, httpSection(result)] as const),
    ...results.map((result) => [`Soak: ${result.name}`, soakSection(result)] as const),
    ...results.map((result) => ["More spans", scaleSection(result)] as const),
    ["Answers, compared with the data set", answersSection(results, (result) => result.searches)],
    ["Answers during ingest", answersSection(results, (result) => result.load?.rows)],
  ];
  const body = sections.flatMap(([title, text]) => (text === undefined ? [] : [`## ${title}\n\n${text}`]));
  return `${["# Benchmark", environment(results, options, argv), ...body].join("\n\n")}\n`;
}

function faultSection(results: readonly TargetResult[]): string | undefined {
  const ours = results.filter((result) => result.ours);
  if (ours.length === 0) return undefined;
  const faults = ours.flatMap((result) => faultsOf(result).map((fault) => `- ${result.name}: ${fault}`));
  return faults.length === 0 ? "None: every answer was what the generator expects." : faults.join("\n");
}

/** The latencies of the searches on a quiet server, with what their mark means. */
function searchSection(results: readonly TargetResult[]): string | undefined {
  const table = latencySection("p50 / p99, ms", results, (result) => result.searches);
  const note =
    "† answers other traces than expected (see the answers below), so its time is that of another question.";
  return table?.includes("†") ? `${table}\n\n${note}` : table;
}

function loadSection(results: readonly TargetResult[]): string | undefined {
  const table = latencySection("p50 / p99, ms", results, (result) => result.load?.rows);
  if (table === undefined) return undefined;
  const notes = results.map(loadNote).filter((note) => note !== undefined);
  return `${table}\n\nWritten meanwhile, half of what each sustained unless said otherwise:\n\n${notes.join("\n")}`;
}

function coverageText(coverage: Options["coverage"]): string {
  return coverage === "day"
    ? "the last day"
    : "a random five minutes within the data, every third time in its oldest third";
}
