import type { Metadata, MethodDefinition, Server, ServiceDefinition, UntypedHandleCall } from "@grpc/grpc-js";
import { SpanStoreError } from "@spanstore/core";
import {
  type CallLog,
  type StreamMethod,
  streamHandler,
  type UnaryMethod,
  type UploadMethod,
  unaryHandler,
  uploadHandler,
} from "./calls.js";

/** The methods of a service by name, grouped by kind: no stream, a stream of responses, a stream of requests. */
export interface ServiceMethods {
  readonly unary?: Readonly<Record<string, UnaryMethod>>;
  readonly streams?: Readonly<Record<string, StreamMethod>>;
  readonly uploads?: Readonly<Record<string, UploadMethod>>;
}

/** Services by name. */
export type Services<Name extends string = string> = Readonly<Record<Name, ServiceMethods>>;

type Definition = Readonly<
  Record<string, Pick<MethodDefinition<unknown, unknown>, "path" | "requestStream" | "responseStream">>
>;

export interface ServicesOptions {
  /** All services, with all their methods. */
  readonly services: Services;
  /** The methods of a service from its .proto file. */
  readonly definitionOf: (service: string) => Definition;
  /** Chooses the services that answer a call, with the same names and methods. Default: `services`. */
  readonly choose?: (headers: Metadata) => Services | Promise<Services>;
  /** Fires when the server shuts down. */
  readonly draining: AbortSignal;
  readonly log: CallLog;
}

/** Adds services to a server. */
export function registerServices(server: Server, options: ServicesOptions): void {
  const { services, definitionOf, choose = () => services, draining, log } = options;
  for (const [name, { unary = {}, streams = {}, uploads = {} }] of Object.entries(services)) {
    const chosen =
      <Kind extends keyof ServiceMethods>(kind: Kind, method: string) =>
      async (headers: Metadata) =>
        methodOf(await choose(headers), name, kind, method);
    const handlers: Record<string, UntypedHandleCall> = {};
    for (const method of Object.keys(unary)) handlers[method] = unaryHandler(chosen("unary", method), log);
    for (const method of Object.keys(streams))
      handlers[method] = streamHandler(chosen("streams", method), log);
    for (const method of Object.keys(uploads))
      handlers[method] = uploadHandler(chosen("uploads", method), log, draining);
    server.addService(overBytes(definitionOf(name)), handlers);
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
 * The same service over encoded messages, which pass undecoded. The methods decode requests themselves, so a malformed one
 * gets a status that names its fault.
 */
function overBytes(definition: Definition): ServiceDefinition {
  const codec = {
    requestSerialize: sameBuffer,
    requestDeserialize: sameBuffer,
    responseSerialize: sameBuffer,
    responseDeserialize: sameBuffer,
  };
  return Object.fromEntries(
    Object.entries(definition).map(([method, { path, requestStream, responseStream }]) => [
      method,
      { path, requestStream, responseStream, ...codec },
    ]),
  );
}

function sameBuffer(message: Buffer): Buffer {
  return message;
}
