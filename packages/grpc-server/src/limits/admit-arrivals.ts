import { ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { type Admission, isUnaryWrite } from "../admission.js";
import { statusOfError } from "../status.js";

/** Refuses writes that there is no room for by their headers, so that their messages are not even read. */
export function admitArrivals(admission: Admission): ServerInterceptor {
  return (method, call) => {
    if (!isUnaryWrite(method.path)) return new ServerInterceptingCall(call);
    let arrived = (): void => {};
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (headers, pass) => {
            try {
              arrived = admission.arriving();
            } catch (error) {
              call.sendStatus(statusOfError(error));
              return;
            }
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
