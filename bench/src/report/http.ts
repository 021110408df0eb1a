import type { TargetResult } from "../run.js";
import { markdownTable } from "./table.js";

/** OTLP/HTTP and the query API, against gRPC and Jaeger's query service. */
export function httpSection({ http }: TargetResult): string | undefined {
  if (http === undefined) return undefined;
  const { grpcIngest, httpIngest, search, searchThroughJaeger, huge } = http;
  const through = searchThroughJaeger;
  const rows = [
    ["OTLP/gRPC, 8 x 1000: server CPU s per million spans", grpcIngest.toFixed(2), ""],
    [
      "OTLP/HTTP, 8 x 1000: server CPU s per million spans",
      httpIngest.toFixed(2),
      `${(grpcIngest / httpIngest).toFixed(2)} times the spans a CPU second of gRPC (bar 0.9)`,
    ],
    ["the newest 20 traces of a service, whole, OTLP/JSON: server CPU ms", search.toFixed(2), ""],
    [
      "the same through Jaeger 2's query in front of the same server: CPU ms of both",
      through === undefined ? "no `jaeger` on PATH" : through.toFixed(2),
      through === undefined ? "" : `ours takes ${(search / through).toFixed(2)} of it (bar 0.5)`,
    ],
  ];
  const large = huge.rows.map((row) => [
    row.name,
    row.cpuSeconds.toFixed(2),
    row.firstByteSeconds.toFixed(2),
    row.seconds.toFixed(2),
    (row.bytes / 1e6).toFixed(1),
    (row.grownBytes / 1e6).toFixed(0),
  ]);
  const head = [
    `a trace of ${huge.spans} spans`,
    "server CPU s",
    "first byte, s",
    "all, s",
    "MB sent",
    "MB more resident",
  ];
  return [markdownTable(["", "", ""], rows), markdownTable(head, large)].join("\n\n");
}
