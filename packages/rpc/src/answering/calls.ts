import type { EventEmitter } from "node:events";
import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
} from "@grpc/grpc-js";
import { SpanStoreError } from "@spanstore/core";
import { claimMessage } from "../arriving/receipts.js";
import { deadlineExceeded, isServerFault, statusOfError } from "../status.js";

/** Answers one encoded request with one encoded response. */
export type UnaryMethod = (request: Buffer, signal: AbortSignal) => Promise<Uint8Array>;

/** Answers one encoded request with a stream of encoded responses. */
export type StreamMethod = (request: Buffer, signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** Takes a stream of encoded requests and answers with one encoded response. */
export type UploadMethod = (requests: Requests, signal: AbortSignal) => Promise<Uint8Array>;

/** The requests of a stream, read one by one as the loop asks. A stream that breaks fails the loop. */
export interface Requests extends AsyncIterable<UploadRequest> {
  /** Fails the loop, even while it waits. */
  destroy(): void;
}

/** One request of a stream. */
export interface UploadRequest {
  readonly message: Buffer;
  /** The method calls it once, when it no longer needs the message. */
  readonly release: () => void;
}

/** The log of calls that fail, for example a logger of pino's, or `console`. */
export interface CallLog {
  /** For failures that are the server's fault. */
  error(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

/** The method that answers a call with these headers. */
export type Choice<Method> = (headers: Metadata) => Method | Promise<Method>;

type UnaryCall = ServerUnaryCall<Buffer, Buffer>;
type StreamCall = ServerWritableStream<Buffer, Buffer>;
type UploadCall = ServerReadableStream<Buffer, Buffer>;
type Call = UnaryCall | StreamCall | UploadCall;

/** Makes a grpc-js handler of a method: cancellation and deadline fire its signal, errors become statuses. */
export function unaryHandler(choose: Choice<UnaryMethod>, log: CallLog): handleUnaryCall<Buffer, Buffer> {
  return (call, respond) => {
    const scope = openScope(call);
    const release = claimMessage(call.request);
    const answer = async () => {
      try {
        const method = await choose(call.metadata);
        respond(null, asBuffer(await method(call.request, scope.signal)));
      } catch (error) {
        respond(failed(error, call, scope.signal, log));
      } finally {
        scope.close();
        release();
      }
    };
    void answer();
  };
}

/**
 * Makes a grpc-js handler of a method that takes a stream.
 * @param draining fires when the server shuts down. Clients keep such streams open as long as they live, so each ends
 *   with UNAVAILABLE then.
 */
export function uploadHandler(
  choose: Choice<UploadMethod>,
  log: CallLog,
  draining: AbortSignal,
): handleClientStreamingCall<Buffer, Buffer> {
  return (call, respond) => {
    const scope = openScope(call);
    const requests = requestsOf(call);
    const drain = () => call.destroy(new SpanStoreError("STORE_UNAVAILABLE", "the server is shutting down"));
    draining.addEventListener("abort", drain);
    const answer = async () => {
      try {
        const method = await choose(call.metadata);
        respond(null, asBuffer(await method(requests, scope.signal)));
      } catch (error) {
        respond(failed(error, call, scope.signal, log));
      } finally {
        draining.removeEventListener("abort", drain);
        scope.close();
      }
    };
    void answer();
  };
}

/** The requests of a call. Claiming one lets the next be read. */
function requestsOf(call: UploadCall): Requests {
  return {
    destroy: () => {
      call.destroy();
    },
    async *[Symbol.asyncIterator]() {
      for await (const message of call as AsyncIterable<Buffer>)
        yield { message, release: claimMessage(message) };
    },
  };
}

/**
 * The most unsent bytes of a stream to a slow client, or one message. The store counts the memory of a message until the
 * next one is asked for, so only these bytes are uncounted.
 */
const maxUnsentBytes = 64 * 1024;

/** Makes a grpc-js handler of a streaming method; a slow client slows the method down. */
export function streamHandler(
  choose: Choice<StreamMethod>,
  log: CallLog,
): handleServerStreamingCall<Buffer, Buffer> {
  return (call) => {
    const scope = openScope(call);
    const release = claimMessage(call.request);
    const answer = async () => {
      try {
        const method = await choose(call.metadata);
        const sender = createSender(call, scope.signal);
        for await (const message of method(call.request, scope.signal)) {
          const sent = sender.send(asBuffer(message));
          if (sent !== undefined) await sent;
        }
        await sender.finish();
        call.end();
      } catch (error) {
        call.emit("error", failed(error, call, scope.signal, log));
      } finally {
        scope.close();
        release();
      }
    };
    void answer();
  };
}

interface Sender {
  /** @returns undefined while there is room for more, else a promise that resolves when there is. */
  readonly send: (message: Buffer) => Promise<void> | undefined;
  /** Resolves when every message was sent. */
  readonly finish: () => Promise<void>;
}

/** Writes messages and counts the unsent bytes. Waiting ends with the call. */
function createSender(call: StreamCall, signal: AbortSignal): Sender {
  let unsent = 0;
  let room = maxUnsentBytes;
  let failure: Error | undefined;
  let wake: (() => void) | undefined;
  signal.addEventListener("abort", () => wake?.(), { once: true });

  const untilAtMost = async (bytes: number): Promise<void> => {
    room = bytes;
    while (unsent > room && failure === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (failure !== undefined) throw failure;
    if (signal.aborted) throw new SpanStoreError("ABORTED", "the call was cancelled");
  };

  return {
    send: (message) => {
      unsent += message.length;
      call.write(message, (error: Error | null | undefined) => {
        unsent -= message.length;
        if (error) failure = error;
        if (unsent <= room || error) wake?.();
      });
      return unsent > maxUnsentBytes || signal.aborted ? untilAtMost(maxUnsentBytes) : undefined;
    },
    finish: () => untilAtMost(0),
  };
}

interface CallScope {
  readonly signal: AbortSignal;
  close(): void;
}

function openScope(call: EventEmitter & Pick<Call, "getDeadline">): CallScope {
  const controller = new AbortController();
  const cancel = () => controller.abort();
  call.on("cancelled", cancel);
  const deadline = Number(call.getDeadline());
  // grpc-js reports the deadline to a stream only when its client reads, so a timer of ours does.
  const timer = Number.isFinite(deadline)
    ? setTimeout(() => controller.abort(deadlineExceeded), Math.max(0, deadline - Date.now()))
    : undefined;
  return {
    signal: controller.signal,
    close() {
      clearTimeout(timer);
      call.off("cancelled", cancel);
    },
  };
}

function failed(error: unknown, call: Call, signal: AbortSignal, log: CallLog) {
  const status = statusOfError(error, signal);
  if (isServerFault(status.code)) {
    log.error({ err: error, method: call.getPath(), peer: call.getPeer() }, "a call failed");
  } else {
    log.debug({ method: call.getPath(), code: status.code, details: status.details }, "a call was refused");
  }
  return status;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
