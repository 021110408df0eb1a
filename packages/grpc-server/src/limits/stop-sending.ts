import { constants, type ServerHttp2Stream } from "node:http2";
import type {
  ServerInterceptingCall,
  ServerInterceptingCallInterface,
  ServerInterceptor,
} from "@grpc/grpc-js";

/**
 * Tells who is answered before all of a request has come not to send the rest, as gRPC over HTTP/2 wants it. Otherwise
 * what is refused fills the connection all the same, and what is sent again waits behind it: clients of grpc-js go on
 * until they are told. It has to come before interceptors that wrap the call.
 */
export const stopSending: ServerInterceptor = (_method, call) => {
  const stream = streamOf(call);
  stream?.once("finish", () => {
    const isStatusAlone = stream.sentHeaders?.["grpc-status"] !== undefined;
    if (isStatusAlone && !stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  });
  // Those that follow are given the call itself, too.
  return call as ServerInterceptingCall;
};

/** grpc-js keeps it to itself and has no other way to end a stream that is still coming. */
function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream | undefined {
  return (call as { readonly stream?: ServerHttp2Stream }).stream;
}
