import { ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";

/**
 * Reports every call once, when its status is known, statuses that grpc-js itself sends included
 * (a message too large, a deadline). A call that its client left counts as CANCELLED.
 */
export function observeCalls(
  report: (path: string, code: string, seconds: number) => void,
): ServerInterceptor {
  return (method, call) => {
    const started = performance.now();
    let reported = false;
    const finish = (code: status) => {
      if (reported) return;
      reported = true;
      report(method.path, status[code] ?? String(code), (performance.now() - started) / 1000);
    };
    const sendStatus = call.sendStatus.bind(call);
    // Replaced on the call itself, because grpc-js's own statuses do not pass the interceptors.
    call.sendStatus = (result) => {
      finish(result.code);
      sendStatus(result);
    };
    return new ServerInterceptingCall(call, {
      start: (next) => next({ onCancel: () => finish(status.CANCELLED) }),
    });
  };
}
