import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import type { Place } from "@spanstore/core/engine";
import { type BaseCall, onBaseCall, onStatus, stopSending, takeReading } from "../grpc-js.js";
import { statusOfError } from "../status.js";
import { type Incoming, readIncoming } from "./incoming.js";

/** Bounds of the calls of one method. */
export interface Intake {
  /** The most that one message may have, decompressed. */
  readonly mostBytes: number;
  /** How long a message may take to arrive, in milliseconds. */
  readonly arrivalMs: number;
  /** Room for a message of a call. @param lost called when the place is given to others. */
  place(headers: Metadata, connection: string, lost: (error: unknown) => void): Place;
}

export interface WireOptions {
  /**
   * Called at the start of every call.
   * @returns what is called once, when the call is over and nothing of it is left.
   * @throws when the call may not be.
   */
  readonly opened: (headers: Metadata, connection: string) => () => void;
  /** @param path `/SERVICE/METHOD`. */
  readonly intakeOf: (path: string) => Intake;
  /** Called once for every call, when its status is known. A call that its client left counts as CANCELLED. */
  readonly finished: (path: string, code: string, seconds: number) => void;
}

/** Stands between HTTP/2 and grpc-js, as the first interceptor: reads the messages, and sees how every call ends. */
export function wireCalls(options: WireOptions): ServerInterceptor {
  return onBaseCall((method, call) => {
    stopSending(call);
    return new WireCall(method, call, options);
  });
}

type Method = Parameters<ServerInterceptor>[0];
type Listener = Parameters<ServerInterceptingCall["start"]>[0];

class WireCall extends ServerInterceptingCall {
  readonly #method: Method;
  readonly #base: BaseCall;
  readonly #options: WireOptions;
  readonly #started = performance.now();
  #isFinished = false;
  #incoming: Incoming | undefined;

  constructor(method: Method, base: BaseCall, options: WireOptions) {
    super(base);
    this.#method = method;
    this.#base = base;
    this.#options = options;
    onStatus(base, (code) => this.#finish(code));
  }

  override start(listener: Listener): void {
    super.start({
      onReceiveMetadata: (headers) => {
        try {
          this.#base.stream.once("close", this.#options.opened(headers, this.getPeer()));
        } catch (error) {
          this.#base.sendStatus(statusOfError(error));
          return;
        }
        this.#incoming = this.#read(headers, listener);
        listener.onReceiveMetadata(headers);
      },
      // grpc-js reads nothing.
      onReceiveMessage: () => {},
      onReceiveHalfClose: () => {},
      onCancel: () => {
        this.#finish(status.CANCELLED);
        listener.onCancel();
      },
    });
  }

  override startRead(): void {
    this.#incoming?.ask();
  }

  #read(headers: Metadata, listener: Listener): Incoming {
    const { path, requestStream, responseStream, requestDeserialize } = this.#method;
    const intake = this.#options.intakeOf(path);
    const connection = this.getPeer();
    return readIncoming({
      stream: takeReading(this.#base),
      encoding: this.#base.incomingEncoding,
      takesMany: requestStream,
      // Reflection has streams of both kinds, and claims nothing.
      isUpload: requestStream && !responseStream,
      mostBytes: intake.mostBytes,
      arrivalMs: intake.arrivalMs,
      place: (lost) => intake.place(headers, connection, lost),
      deserialize: requestDeserialize,
      receive: (message) => listener.onReceiveMessage(message),
      halfClose: () => listener.onReceiveHalfClose(),
      refuse: (result) => this.#base.sendStatus(result),
    });
  }

  /** Its first status is the call's, whatever comes after it. */
  #finish(code: status): void {
    this.#incoming?.stop();
    if (this.#isFinished) return;
    this.#isFinished = true;
    const seconds = (performance.now() - this.#started) / 1000;
    this.#options.finished(this.#method.path, status[code] ?? String(code), seconds);
  }
}
