import type { Metadata, Server, ServiceDefinition, UntypedHandleCall } from "@grpc/grpc-js";
import { serviceOf } from "@spanstore/client/wire";
import { SpanStoreError } from "@spanstore/core";
import type { Logger } from "pino";
import {
  type StreamMethod,
  streamHandler,
  type UnaryMethod,
  type UploadMethod,
  unaryHandler,
  uploadHandler,
} from "./calls.js";

/** The methods of a service by their names, told apart by what of theirs is a stream. */
export interface ServiceMethods {
  readonly unary?: Readonly<Record<string, UnaryMethod>>;
  readonly streams?: Readonly<Record<string, StreamMethod>>;
  readonly uploads?: Readonly<Record<string, UploadMethod>>;
}

/** What is served over one store. */
export type Services<Name extends string = string> = Readonly<Record<Name, ServiceMethods>>;

/**
 * Adds services to a server.
 * @param services which there are, with which methods.
 * @param choose those that answer a call with these headers.
 * @param draining fires when the server goes down.
 */
export function registerServices(
  server: Server,
  services: Services,
  choose: (headers: Metadata) => Services | Promise<Services>,
  log: Logger,
  draining: AbortSignal,
): void {
  for (const [name, { unary = {}, streams = {}, uploads = {} }] of Object.entries(services)) {
    const handlers: Record<string, UntypedHandleCall> = {};
    for (const method of Object.keys(unary)) {
      handlers[method] = unaryHandler(
        async (headers) => methodOf(await choose(headers), name, "unary", method),
        log,
      );
    }
    for (const method of Object.keys(streams)) {
      handlers[method] = streamHandler(
        async (headers) => methodOf(await choose(headers), name, "streams", method),
        log,
      );
    }
    for (const method of Object.keys(uploads)) {
      handlers[method] = uploadHandler(
        async (headers) => methodOf(await choose(headers), name, "uploads", method),
        log,
        draining,
      );
    }
    server.addService(rawService(name), handlers);
  }
}

function methodOf<Kind extends keyof ServiceMethods>(
  services: Services,
  service: string,
  kind: Kind,
  method: string,
): NonNullable<ServiceMethods[Kind]>[string] {
  const found = services[service]?.[kind]?.[method] as NonNullable<ServiceMethods[Kind]>[string] | undefined;
  if (found === undefined) throw new SpanStoreError("INTERNAL", `${service} has no ${method} here`);
  return found;
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
