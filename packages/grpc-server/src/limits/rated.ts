import type { Requests, ServiceMethods, Services, UnaryMethod, UploadMethod } from "@spanstore/rpc";
import type { RateLimit } from "./rate-limits.js";
import { isUnaryWrite } from "./writes.js";

/** Wraps services so that their writes keep to the rate. */
export function rated<Name extends string>(
  services: Services<Name>,
  rate: RateLimit | undefined,
): Services<Name> {
  if (rate === undefined) return services;
  const writing =
    (method: UnaryMethod): UnaryMethod =>
    async (request, signal) => {
      rate.take(request.length);
      return method(request, signal);
    };
  const uploading =
    (method: UploadMethod): UploadMethod =>
    (requests, signal) =>
      method(heldBack(requests, rate, signal), signal);
  const wrapped = Object.entries<ServiceMethods>(services).map(([name, service]) => {
    const { unary = {}, uploads = {} } = service;
    return [
      name,
      {
        ...service,
        unary: mapped(unary, (method, called) => (isUnaryWrite(called) ? writing(method) : method)),
        uploads: mapped(uploads, uploading),
      },
    ];
  });
  return Object.fromEntries(wrapped) as Services<Name>;
}

function mapped<T>(
  methods: Readonly<Record<string, T>>,
  wrap: (method: T, name: string) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, wrap(method, name)]));
}

/** Reads requests no faster than the rate allows. */
function heldBack(requests: Requests, rate: RateLimit, signal: AbortSignal): Requests {
  return {
    destroy: () => requests.destroy(),
    async *[Symbol.asyncIterator]() {
      for await (const request of requests) {
        await rate.pass(request.message.length, signal);
        yield request;
      }
    },
  };
}
