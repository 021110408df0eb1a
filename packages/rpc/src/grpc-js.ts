/**
 * Functions that grpc-js does not offer. Only this file uses its private parts; `grpc-js-contracts.test.ts` fails when
 * they change.
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

/** grpc-js's own call, which only the first interceptor gets, with its private HTTP/2 stream. */
export interface BaseCall extends ServerInterceptingCallInterface {
  readonly stream: ServerHttp2Stream;
  /** The header `grpc-encoding`, which grpc-js removes from the metadata. */
  readonly incomingEncoding: string;
}

/** An interceptor that must be the first. */
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
 * Stops grpc-js from reading a call's messages, since it would hold each whole, without a bound for all calls. It reads by
 * two listeners on the stream, which is paused until grpc-js wants a message.
 */
export function takeReading(call: BaseCall): ServerHttp2Stream {
  call.stream.removeAllListeners("data");
  call.stream.removeAllListeners("end");
  return call.stream;
}

/**
 * Reports the code with which a call ends, also for statuses that grpc-js sends itself, such as a deadline's, which pass no
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
 * Tells a client that was answered before its request arrived whole not to send the rest, as gRPC over HTTP/2 asks for.
 * Otherwise clients such as grpc-js go on: a refused request fills the connection, and its retry waits behind it.
 */
export function stopSending({ stream }: BaseCall): void {
  stream.once("finish", () => {
    const isStatusAlone = stream.sentHeaders?.["grpc-status"] !== undefined;
    if (isStatusAlone && !stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  });
}

/** Certificates that change while the server runs; new connections get the current ones. */
export interface ChangingCertificates {
  /** Whether clients must show a certificate. */
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

/** The credentials of a port; without certificates it is plain text. */
export function serverCredentials(certificates: ChangingCertificates | undefined): ServerCredentials {
  return certificates === undefined
    ? ServerCredentials.createInsecure()
    : new ChangingCredentials(certificates);
}
