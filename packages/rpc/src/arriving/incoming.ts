import type { Readable } from "node:stream";
import { type StatusObject, status } from "@grpc/grpc-js";
import { BrokenCompression, type Place, tooLarge } from "@spanstore/core/engine";
import { failure, statusOfError } from "../status.js";
import { type ArrivingMessage, arrivingMessage, isKnownEncoding } from "./arriving-message.js";
import { giveReceipt } from "./receipts.js";

/** The options for reading the messages of one call. */
export interface IncomingOptions {
  /** The call's stream, paused. */
  readonly stream: Pick<Readable, "on" | "pause" | "resume">;
  /** `grpc-encoding`: the compression of compressed messages. */
  readonly encoding: string;
  /** Whether the method takes several messages. */
  readonly takesMany: boolean;
  /**
   * Whether the method claims its messages. Then claiming one lets the next be read, and a message waits for room instead
   * of being refused.
   */
  readonly isUpload: boolean;
  /** The largest message, decompressed. */
  readonly mostBytes: number;
  /** The longest time for a message to arrive, in milliseconds; for a single one from the start of the call. */
  readonly arrivalMs: number;
  /** @param lost called when the room is given to another call. */
  readonly place: (lost: (error: unknown) => void) => Place;
  /** @throws for bytes that are not a message of the type. */
  readonly deserialize: (bytes: Buffer) => unknown;
  readonly receive: (message: unknown) => void;
  /** Called when the client has sent everything. */
  readonly halfClose: () => void;
  /** Ends the call with this status. */
  readonly refuse: (status: StatusObject) => void;
}

/** Reads the messages of a call as they are asked for and as there is room. */
export interface Incoming {
  /** Asks for the next message, or the end. */
  ask(): void;
  /** Frees unclaimed messages, when the call is over. */
  stop(): void;
}

/** The message that is arriving. */
interface Current {
  readonly message: ArrivingMessage;
  readonly place: Place;
  /** Whether it has taken room. */
  isBegun: boolean;
}

/** The prefix of a message: a flag, and the length in four bytes. */
const prefixBytes = 5;

export function readIncoming(options: IncomingOptions): Incoming {
  const { stream, encoding, takesMany, isUpload, mostBytes, arrivalMs } = options;
  const prefix = Buffer.alloc(prefixBytes);
  let prefixLength = 0;
  /** Received bytes that are not read yet. */
  let rest: Buffer | undefined;
  let current: Current | undefined;
  /** The places of messages that were passed on and are not claimed yet. */
  const unclaimed = new Set<Place>();
  let received = 0;
  let isAsked = false;
  /** True while it waits for room or for the decompressor. */
  let isBusy = false;
  let isReading = false;
  let hasEnded = false;
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;

  const stop = (): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    current?.message.drop();
    current?.place.release();
    current = undefined;
    rest = undefined;
    for (const place of unclaimed) place.release();
    unclaimed.clear();
  };
  const end = (result: StatusObject): void => {
    if (isOver) return;
    stop();
    options.refuse(result);
  };
  const fail = (error: unknown): void => {
    const isBroken = error instanceof BrokenCompression;
    end(isBroken ? failure(status.INTERNAL, error.message) : statusOfError(error));
  };
  const startTimer = (): void => {
    const late = failure(status.DEADLINE_EXCEEDED, `the request did not arrive within ${arrivalMs} ms`);
    timer = setTimeout(() => end(late), arrivalMs).unref();
  };

  const handOn = (bytes: Buffer, place: Place): void => {
    if (isOver) return;
    place.settle();
    current = undefined;
    isBusy = false;
    isAsked = false;
    received++;
    if (takesMany) clearTimeout(timer);
    unclaimed.add(place);
    let message: unknown;
    try {
      message = options.deserialize(bytes);
    } catch {
      end(failure(status.INVALID_ARGUMENT, "the bytes of the request are no message of its type"));
      return;
    }
    const claim = (): void => {
      unclaimed.delete(place);
      read();
    };
    giveReceipt(message, { claim, release: () => place.release() });
    options.receive(message);
    read();
  };

  /** Starts a message after its prefix. */
  const begin = (): void => {
    const isCompressed = prefix[0] === 1;
    const length = prefix.readUInt32BE(1);
    prefixLength = 0;
    if (received > 0 && !takesMany) {
      end(failure(status.UNIMPLEMENTED, "a second message came, and the method takes one"));
    } else if (isCompressed && encoding === "identity") {
      end(failure(status.INTERNAL, "the request is compressed, and its headers do not say how"));
    } else if (isCompressed && !isKnownEncoding(encoding)) {
      end(failure(status.UNIMPLEMENTED, `no requests are taken that are compressed by ${encoding}`));
    } else if (length > mostBytes) {
      fail(tooLarge("request", mostBytes));
    } else {
      const place = options.place(fail);
      const message = arrivingMessage({
        length,
        encoding: isCompressed ? encoding : undefined,
        mostBytes,
        place,
        arrived: (bytes) => handOn(bytes, place),
        drained: () => {
          if (message.missing() === 0) return;
          isBusy = false;
          place.expect();
          read();
        },
        failed: fail,
      });
      current = { message, place, isBegun: false };
    }
  };

  /** Takes room at the first byte, so a call that sends nothing takes none. */
  const enter = (entering: Current): void => {
    const { message, place } = entering;
    entering.isBegun = true;
    const enterWith = (reserved: number): void => {
      message.begin(reserved);
      isBusy = current === entering && message.missing() === 0;
    };
    if (!isUpload) {
      if (takesMany) startTimer();
      enterWith(0);
      return;
    }
    isBusy = true;
    place.enter(message.expectedBytes, () => {
      isBusy = false;
      startTimer();
      guarded(() => enterWith(message.expectedBytes));
      read();
    });
  };

  const takePrefix = (bytes: Buffer): void => {
    const size = Math.min(prefixBytes - prefixLength, bytes.length);
    bytes.copy(prefix, prefixLength, 0, size);
    prefixLength += size;
    rest = size < bytes.length ? bytes.subarray(size) : undefined;
    if (prefixLength === prefixBytes) begin();
  };

  const takePart = (bytes: Buffer, taking: Current): void => {
    const { message, place } = taking;
    const size = Math.min(message.missing(), bytes.length);
    rest = size < bytes.length ? bytes.subarray(size) : undefined;
    const hasRoom = message.add(bytes.subarray(0, size));
    if (current !== taking) return;
    isBusy = !hasRoom || message.missing() === 0;
    if (isBusy) place.settle();
    else place.expect();
  };

  const takeEnd = (): void => {
    isAsked = false;
    if (current !== undefined || prefixLength > 0) {
      end(failure(status.INVALID_ARGUMENT, "the request ends within a message"));
    } else if (received === 0 && !takesMany) {
      end(failure(status.UNIMPLEMENTED, "the request has no message"));
    } else {
      clearTimeout(timer);
      options.halfClose();
    }
  };

  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      fail(error);
    }
  };

  /** An upload passes on one message at a time. */
  const wants = (): boolean => !isOver && isAsked && !isBusy && !(isUpload && unclaimed.size > 0);

  const step = (): void => {
    if (
      current !== undefined &&
      !current.isBegun &&
      (rest !== undefined || current.message.missing() === 0)
    ) {
      enter(current);
    } else if (rest === undefined) {
      takeEnd();
    } else if (current === undefined) {
      takePrefix(rest);
    } else {
      takePart(rest, current);
    }
  };

  const hasWork = (): boolean =>
    rest !== undefined || hasEnded || (current !== undefined && current.message.missing() === 0);

  const read = (): void => {
    if (isReading) return;
    isReading = true;
    while (wants() && hasWork()) guarded(step);
    isReading = false;
    if (isOver) return;
    if (wants()) stream.resume();
    else stream.pause();
  };

  stream.on("data", (bytes: Buffer) => {
    if (isOver) return;
    rest = bytes;
    read();
  });
  stream.on("end", () => {
    hasEnded = true;
    read();
  });
  if (!takesMany) startTimer();

  return {
    ask: () => {
      isAsked = true;
      read();
    },
    stop,
  };
}
