import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import type { Place } from "@spanstore/core/engine";
import { type BaseCall, onBaseCall, onStatus, stopSending, takeReading } from "../grpc-js.js";
import { statusOfError } from "../status.js";
import { type Incoming, readIncoming } from "./incoming.js";

/** The bounds for calls of one method. */
export interface Intake {
  /** The largest message, decompressed. */
  readonly mostBytes: number;
  /** The longest time for a message to arrive, in milliseconds. */
  readonly arrivalMs: number;
  /** Room for a message of a call. @param lost called when the room is given to another call. */
  place(headers: Metadata, connection: string, lost: (error: unknown) => void): Place;
}

export interface WireOptions {
  /**
   * Called at the start of every call.
   * @returns a function that is called once, when nothing of the call is left.
   * @throws to refuse the call.
   */
  readonly opened: (headers: Metadata, connection: string) => () => void;
  /** @param path `/SERVICE/METHOD`. */
  readonly intakeOf: (path: string) => Intake;
  /** Called once for every call, with its status; CANCELLED when the client left. */
  readonly finished: (path: string, code: string, seconds: number) => void;
}

/** The first interceptor, between HTTP/2 and grpc-js: it reads the messages and reports how every call ends. */
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
      // `readIncoming` reads the messages in place of grpc-js.
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
      // Reflection streams both ways, and does not claim messages.
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

  /** Only the first status of a call counts. */
  #finish(code: status): void {
    this.#incoming?.stop();
    if (this.#isFinished) return;
    this.#isFinished = true;
    const seconds = (performance.now() - this.#started) / 1000;
    this.#options.finished(this.#method.path, status[code] ?? String(code), seconds);
  }
}
