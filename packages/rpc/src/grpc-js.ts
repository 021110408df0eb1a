/**
 * Functions that grpc-js does not offer. Nothing else touches its private parts;
 * `grpc-js-contracts.test.ts` fails when they change.
 */
import { constants, type SecureServerOptions, type ServerHttp2Stream } from "node:http2";
import type { SecureContextOptions } from "node:tls";
import {
  ServerCredentials,
  type ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from "@grpc/grpc-js";
import { SpanStoreError } from "@spanstore/core";

/** grpc-js's own call, which the first interceptor is given: it keeps its stream of HTTP/2 to itself. */
export interface BaseCall extends ServerInterceptingCallInterface {
  readonly stream: ServerHttp2Stream;
  /** The header `grpc-encoding`, which it takes out of the others. */
  readonly incomingEncoding: string;
}

/** An interceptor that has to be the first. */
export type BaseInterceptor = (
  method: Parameters<ServerInterceptor>[0],
  call: BaseCall,
) => ServerInterceptingCall;

export function onBaseCall(intercept: BaseInterceptor): ServerInterceptor {
  return (method, call) => {
    const base = call as BaseCall;
    if (typeof base.stream?.resume !== "function" || typeof base.incomingEncoding !== "string") {
      throw new SpanStoreError(
        "INTERNAL",
        "this version of grpc-js is not supported: its calls have changed",
      );
    }
    return intercept(method, base);
  };
}

/**
 * Has grpc-js read nothing of the call's messages: it would hold each of them as it comes, and decompress it as a
 * whole. It reads by two listeners that it has put on the stream, which is paused until it wants something.
 */
export function takeReading(call: BaseCall): ServerHttp2Stream {
  call.stream.removeAllListeners("data");
  call.stream.removeAllListeners("end");
  return call.stream;
}

/**
 * Tells with which code the call ends, once: statuses that grpc-js itself sends included (a deadline), which pass no
 * interceptor.
 */
export function onStatus(call: BaseCall, told: (code: status) => void): void {
  const sendStatus = call.sendStatus.bind(call);
  call.sendStatus = (result) => {
    told(result.code ?? status.UNKNOWN);
    sendStatus(result);
  };
}

/**
 * Tells who is answered before all of a request has come not to send the rest, as gRPC over HTTP/2 wants it. Otherwise
 * what is refused fills the connection all the same, and what is sent again waits behind it: clients of grpc-js go on
 * until they are told.
 */
export function stopSending({ stream }: BaseCall): void {
  stream.once("finish", () => {
    const isStatusAlone = stream.sentHeaders?.["grpc-status"] !== undefined;
    if (isStatusAlone && !stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  });
}

/** Certificates that change while the server runs; new connections get what is there then. */
export interface ChangingCertificates {
  /** Whether clients have to show a certificate. */
  readonly mutual: boolean;
  readonly current: () => SecureContextOptions;
  readonly onChange: (listener: (context: SecureContextOptions) => void) => void;
}

class ChangingCredentials extends ServerCredentials {
  constructor(source: ChangingCertificates) {
    const settings: SecureServerOptions = { requestCert: source.mutual, rejectUnauthorized: source.mutual };
    super(settings, source.current());
    source.onChange((context) => this.updateSecureContextOptions(context));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

/** The credentials of a port: plain text without certificates. */
export function serverCredentials(certificates: ChangingCertificates | undefined): ServerCredentials {
  return certificates === undefined
    ? ServerCredentials.createInsecure()
    : new ChangingCredentials(certificates);
}
