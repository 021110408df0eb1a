import type { RunningServer } from "./server.js";

export interface GreetingOptions {
  readonly program: string;
  readonly version: string;
  /** The place of the spans: `sqlite at ./spanstore.sqlite`. */
  readonly place: string;
  readonly server: Pick<RunningServer, "address" | "httpAddress" | "adminAddress" | "allInOne">;
  readonly secure: boolean;
}

/** The greeting for a person at a terminal. */
export function greeting({ program, version, place, server, secure }: GreetingOptions): string {
  const { address, httpAddress, adminAddress, allInOne } = server;
  const url = (host: string, path: string): string => `http${secure ? "s" : ""}://${host}${path}`;
  const query = allInOne?.query ?? httpAddress;
  const otlpHttp = allInOne?.otlpHttp ?? httpAddress;
  const lines: readonly (readonly [what: string, where: string | undefined])[] = [
    ["open in a browser", query && url(query, "/")],
    ["spans are kept in", place],
    ["send OTLP by gRPC", allInOne?.otlpGrpc ?? address],
    ["send OTLP by HTTP", otlpHttp && url(otlpHttp, "/v1/traces")],
    ["Jaeger's storage", address],
    ["Jaeger's query API", query && url(query, "/api/services")],
    ["health and metrics", adminAddress && `${adminAddress}/readyz, /metrics`],
  ];
  const shown = lines.filter((line): line is readonly [string, string] => line[1] !== undefined);
  const text = shown.map(([what, where]) => `  ${what.padEnd(20)}${where}\n`).join("");
  return `${program} ${version} is ready. Ctrl+C stops it.\n\n${text}\n`;
}
