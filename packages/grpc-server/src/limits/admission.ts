import { SpanStoreError } from "@spanstore/core";
import { throwIfAborted } from "@spanstore/core/engine";
import type { Requests, StreamMethod, UnaryMethod, UploadMethod } from "../rpc/calls.js";
import type { ServiceMethods, Services } from "../rpc/services.js";
import type { RateLimit } from "./rate-limits.js";

/** Lets writes in as long as there is room for them. */
export interface Admission {
  /** Runs a write of so many bytes. @throws OVERLOADED when there are too many that are not durable yet. */
  run<T>(bytes: number, write: () => Promise<T>): Promise<T>;
  /**
   * A write begins to arrive, and is taken to be as large as those before it.
   * @returns what is called, once or more often, when it has arrived or will not.
   * @throws OVERLOADED when there would be no room for it.
   */
  arriving(): () => void;
  /**
   * Waits until there is room for so many bytes of a stream, and takes it; streams that wait get room in turn.
   * @returns what is called once when the bytes are durable, or never will be.
   * @throws ABORTED when the signal fires meanwhile.
   */
  enter(bytes: number, signal: AbortSignal): Promise<() => void>;
}

/** The unary calls that write; streams are held back instead of being refused. */
const writes: ReadonlySet<string> = new Set(["Export", "WriteSpan", "WriteArchiveSpan"]);

/** @param path `/SERVICE/METHOD`. */
export function isUnaryWrite(path: string): boolean {
  return writes.has(path.slice(path.lastIndexOf("/") + 1));
}

/** What a call takes besides its message, so that very many small ones are bounded, too. */
const callBytes = 16 * 1024;
/** How much the latest write counts for what the next one is taken to have. */
const latestShare = 0.1;
/** What the first ones are taken to have: no more, and no more than this part of the bound. */
const firstBytes = 128 * 1024;
const firstPart = 1 / 1024;

/** Bytes of a stream that there is no room for yet. */
interface Waiting {
  readonly bytes: number;
  /** Called when they have got it. */
  readonly entered: () => void;
}

/**
 * What cannot be written as fast as it comes is refused with OVERLOADED, or held back where it is a stream, so that
 * memory stays bounded and clients know that they are to try again. What is alone is always taken.
 * @param inFlight is told how many bytes there are, at every change.
 * @param refused is told of every write that is refused.
 */
export function createAdmission(
  maxBytes: number,
  inFlight: (bytes: number) => void,
  refused: () => void,
): Admission {
  let held = 0;
  let arrivals = 0;
  let usualBytes = Math.min(firstBytes, maxBytes * firstPart);
  let waiting: readonly Waiting[] = [];

  const hasRoom = (bytes: number): boolean => held === 0 || held + bytes <= maxBytes;
  /** What the stream asks for that is next: writes that come later must not keep it from getting that. */
  const promised = (): number => waiting[0]?.bytes ?? 0;

  const hold = (bytes: number): void => {
    held += bytes;
    inFlight(held);
  };
  const letIn = (): void => {
    for (let [first] = waiting; first !== undefined && hasRoom(first.bytes); [first] = waiting) {
      waiting = waiting.slice(1);
      hold(first.bytes);
      first.entered();
    }
  };
  const release = (bytes: number): void => {
    hold(-bytes);
    letIn();
  };
  const refuse = (): never => {
    refused();
    throw new SpanStoreError("OVERLOADED", `more than ${maxBytes} bytes of spans are waiting to be written`, {
      hint: "try again later",
    });
  };

  /** Resolves when the bytes are held. */
  const turn = (bytes: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting = waiting.filter((each) => each !== one);
        reject(new SpanStoreError("ABORTED", "the call was cancelled"));
        // The next in the row may be smaller.
        letIn();
      };
      const one: Waiting = {
        bytes,
        entered: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      waiting = [...waiting, one];
    });

  return {
    async run(messageBytes, write) {
      const bytes = messageBytes + callBytes;
      usualBytes += (bytes - usualBytes) * latestShare;
      if (!hasRoom(promised() + bytes)) refuse();
      hold(bytes);
      try {
        return await write();
      } finally {
        release(bytes);
      }
    },
    arriving() {
      const coming = arrivals * usualBytes + promised();
      if (held + coming > 0 && held + coming + usualBytes > maxBytes) refuse();
      arrivals++;
      let isArriving = true;
      return () => {
        if (isArriving) arrivals--;
        isArriving = false;
      };
    },
    async enter(bytes, signal) {
      throwIfAborted(signal);
      if (waiting.length === 0 && hasRoom(bytes)) hold(bytes);
      else await turn(bytes, signal);
      return () => release(bytes);
    },
  };
}

/**
 * The same services: their writes go through the admission and keep to the rate, and what reads is asked no larger
 * question than may be.
 */
export function admitted<Name extends string>(
  services: Services<Name>,
  admission: Admission,
  rate: RateLimit | undefined,
  maxQueryBytes: number,
): Services<Name> {
  const writing =
    (method: UnaryMethod): UnaryMethod =>
    (request, signal) => {
      rate?.take(request.length);
      return admission.run(request.length, () => method(request, signal));
    };
  const uploading =
    (method: UploadMethod): UploadMethod =>
    (requests, signal) =>
      method(heldBack(requests, admission, rate, signal), signal);
  const check = (request: Buffer): void => {
    if (request.length <= maxQueryBytes) return;
    throw new SpanStoreError("TOO_LARGE", `a query has no more than ${maxQueryBytes} bytes`, {
      field: "query",
    });
  };
  const reading =
    (method: UnaryMethod): UnaryMethod =>
    async (request, signal) => {
      check(request);
      return method(request, signal);
    };
  const streaming = (method: StreamMethod): StreamMethod =>
    async function* (request, signal) {
      check(request);
      yield* method(request, signal);
    };
  const wrapped = Object.entries<ServiceMethods>(services).map(([name, service]) => {
    const { unary = {}, streams = {}, uploads = {} } = service;
    return [
      name,
      {
        unary: mapped(unary, (method, called) => (writes.has(called) ? writing(method) : reading(method))),
        streams: mapped(streams, streaming),
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

/** The same requests, read no faster than the rate lets them through and than there is room for them. */
function heldBack(
  requests: Requests,
  admission: Admission,
  rate: RateLimit | undefined,
  signal: AbortSignal,
): Requests {
  return {
    destroy: () => requests.destroy(),
    async *[Symbol.asyncIterator]() {
      for await (const { message } of requests) {
        await rate?.pass(message.length, signal);
        const release = await admission.enter(message.length, signal);
        yield { message, release };
      }
    },
  };
}
