import type { Need } from "./authorizer.js";

const reading = [
  "jaeger.api_v2.QueryService",
  "jaeger.api_v3.QueryService",
  "spanstore.metrics.v1.MetricsReader",
  "jaeger.storage.v2.TraceReader",
  "jaeger.storage.v2.DependencyReader",
  "jaeger.storage.v1.SpanReaderPlugin",
  "jaeger.storage.v1.ArchiveSpanReaderPlugin",
  "jaeger.storage.v1.DependenciesReaderPlugin",
];
const writing = [
  "opentelemetry.proto.collector.trace.v1.TraceService",
  "jaeger.storage.v1.SpanWriterPlugin",
  "jaeger.storage.v1.StreamingSpanWriterPlugin",
  "jaeger.storage.v1.ArchiveSpanWriterPlugin",
];
/** Services that Jaeger calls at its start, as a reader or a writer. */
const telling = ["jaeger.storage.v2.Capabilities", "jaeger.storage.v1.PluginCapabilities"];
/** Services for probes without a token. They only tell that the server serves. */
const open = ["grpc.health.v1.Health"];

const needs: ReadonlyMap<string, Need> = new Map([
  ...reading.map((service) => [service, "read"] as const),
  ...writing.map((service) => [service, "write"] as const),
  ...telling.map((service) => [service, "token"] as const),
  ...open.map((service) => [service, "nothing"] as const),
]);

/** The right that a call needs, by its path `/SERVICE/METHOD`. An unknown service, such as reflection, needs any token. */
export function needOf(path: string): Need {
  const [, service = "", method = ""] = path.split("/");
  return method === "ArchiveTrace" ? "write" : (needs.get(service) ?? "token");
}
