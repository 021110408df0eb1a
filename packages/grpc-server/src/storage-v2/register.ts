import type { Server, ServiceDefinition, UntypedHandleCall } from "@grpc/grpc-js";
import type { SpanStore } from "@spanstore/core";
import type { Logger } from "pino";
import { type StreamMethod, streamHandler, type UnaryMethod, unaryHandler } from "../calls.js";
import type { Metrics } from "../metrics.js";
import { serviceOf } from "../protos.js";
import { capabilities } from "./capabilities.js";
import { dependencyReader } from "./dependency-reader.js";
import { traceService } from "./export.js";
import { traceReader } from "./trace-reader.js";

/** The services by the names that health and reflection know them by. */
export const storageServices = [
  "jaeger.storage.v2.TraceReader",
  "jaeger.storage.v2.DependencyReader",
  "jaeger.storage.v2.Capabilities",
  "opentelemetry.proto.collector.trace.v1.TraceService",
] as const;

/** Adds OTLP's TraceService and jaeger.storage.v2 to a server. */
export function registerStorage(server: Server, store: SpanStore, metrics: Metrics, log: Logger): void {
  const reader = traceReader(store);
  const add = (
    name: (typeof storageServices)[number],
    unary: Record<string, UnaryMethod>,
    streams: Record<string, StreamMethod> = {},
  ) => {
    const handlers: Record<string, UntypedHandleCall> = {};
    for (const [method, answer] of Object.entries(unary)) handlers[method] = unaryHandler(answer, log);
    for (const [method, answer] of Object.entries(streams)) handlers[method] = streamHandler(answer, log);
    server.addService(rawService(name), handlers);
  };
  add("opentelemetry.proto.collector.trace.v1.TraceService", traceService(store, metrics, log));
  add("jaeger.storage.v2.TraceReader", reader.unary, reader.streams);
  add("jaeger.storage.v2.DependencyReader", dependencyReader(store));
  add("jaeger.storage.v2.Capabilities", capabilities(store));
}

/**
 * A service whose methods take and give encoded messages: spans pass without being decoded, and a
 * malformed request gets a status that says what is wrong with it.
 */
function rawService(name: string): ServiceDefinition {
  const raw: Record<string, ServiceDefinition[string]> = {};
  for (const [method, definition] of Object.entries(serviceOf(name))) {
    raw[method] = {
      path: definition.path,
      requestStream: definition.requestStream,
      responseStream: definition.responseStream,
      requestSerialize: sameBuffer,
      requestDeserialize: sameBuffer,
      responseSerialize: sameBuffer,
      responseDeserialize: sameBuffer,
    };
  }
  return raw;
}

function sameBuffer(message: Buffer): Buffer {
  return message;
}
