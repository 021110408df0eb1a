import { SpanStoreError } from "@spanstore/core";
import type { UnaryMethod } from "./calls.js";
import type { Services } from "./services.js";

/** Runs a write of so many bytes, unless there are too many that are not durable yet. */
export type Admission = <T>(bytes: number, write: () => Promise<T>) => Promise<T>;

/** The unary calls that write; streams are held back instead of being refused. */
const writes: ReadonlySet<string> = new Set(["Export", "WriteSpan", "WriteArchiveSpan"]);

/**
 * What cannot be written as fast as it comes is refused with OVERLOADED, so that memory stays bounded and clients
 * know that they are to try again. A request that is alone is always taken.
 * @param inFlight is told how many bytes there are, at every change.
 */
export function createAdmission(maxBytes: number, inFlight: (bytes: number) => void): Admission {
  let held = 0;
  const hold = (bytes: number): void => {
    held += bytes;
    inFlight(held);
  };
  return async (bytes, write) => {
    if (held > 0 && held + bytes > maxBytes) {
      throw new SpanStoreError(
        "OVERLOADED",
        `more than ${maxBytes} bytes of spans are waiting to be written`,
        {
          hint: "try again later",
        },
      );
    }
    hold(bytes);
    try {
      return await write();
    } finally {
      hold(-bytes);
    }
  };
}

/** The same services, their writes through the admission. */
export function admitted<Name extends string>(
  services: Services<Name>,
  admission: Admission,
): Services<Name> {
  const through =
    (method: UnaryMethod): UnaryMethod =>
    (request, signal) =>
      admission(request.length, () => method(request, signal));
  const wrapped = Object.entries<Services[string]>(services).map(([name, service]) => {
    const unary = Object.entries(service.unary ?? {}).map(([method, answer]) => [
      method,
      writes.has(method) ? through(answer) : answer,
    ]);
    return [name, { ...service, unary: Object.fromEntries(unary) }];
  });
  return Object.fromEntries(wrapped) as Services<Name>;
}
