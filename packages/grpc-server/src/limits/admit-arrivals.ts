import { ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import { failure, statusOfError } from "../rpc/status.js";
import { type Admission, isUnaryWrite } from "./admission.js";

/**
 * Refuses writes that there is no room for by their headers, so that their messages are not even read.
 * @param arrivalMs how long one that begins may take to arrive: it has room kept for it meanwhile, which whoever
 *   sends slowly, or nothing at all, must not keep from others for good.
 */
export function admitArrivals(admission: Admission, arrivalMs: number): ServerInterceptor {
  return (method, call) => {
    if (!isUnaryWrite(method.path)) return new ServerInterceptingCall(call);
    let release = (): void => {};
    let timer: NodeJS.Timeout | undefined;
    const arrived = (): void => {
      clearTimeout(timer);
      release();
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (headers, pass) => {
            try {
              release = admission.arriving();
            } catch (error) {
              call.sendStatus(statusOfError(error));
              return;
            }
            timer = setTimeout(() => {
              release();
              call.sendStatus(
                failure(status.DEADLINE_EXCEEDED, `the request did not arrive within ${arrivalMs} ms`),
              );
            }, arrivalMs).unref();
            pass(headers);
          },
          onReceiveMessage: (message, pass) => {
            arrived();
            pass(message);
          },
          onCancel: () => arrived(),
        }),
    });
  };
}
