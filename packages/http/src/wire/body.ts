import type { IncomingMessage } from "node:http";
import * as zlib from "node:zlib";
import { SpanStoreError } from "@spanstore/core";
import { arrivingBytes, BrokenCompression, type Decoder, tooLarge } from "@spanstore/core/engine";
import type { BodyPlace } from "../options.js";
import { HttpError } from "./errors.js";

export interface BodyOptions {
  /** The largest body, decompressed. */
  readonly mostBytes: number;
  /** The longest time for the body to arrive, in milliseconds. */
  readonly arrivalMs: number;
  readonly place: BodyPlace;
  /** Fires when the client has left. */
  readonly signal: AbortSignal;
}

const decoders: Readonly<Record<string, (() => Decoder) | undefined>> = {
  gzip: zlib.createGunzip,
  "x-gzip": zlib.createGunzip,
  deflate: zlib.createInflate,
  // Node.js has it from 22.15 on.
  zstd: zlib.createZstdDecompress,
};

/**
 * Reads and decompresses the body of a request. The limit holds at every moment, so a small body cannot expand beyond it.
 * @throws TOO_LARGE, OVERLOADED, ABORTED; HttpError for a body that is cut, late or in an unknown encoding.
 */
export function readBody(request: IncomingMessage, options: BodyOptions): Promise<Buffer> {
  const { mostBytes, arrivalMs, place, signal } = options;
  const decoder = decoderOf(request);
  const declared = request.headers["content-length"];
  const length = declared === undefined ? undefined : Number(declared);
  if (decoder === undefined && length !== undefined && length > mostBytes) {
    return Promise.reject(tooLarge("body", mostBytes));
  }
  return new Promise((resolve, reject) => {
    let hasBegun = false;
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      request.off("data", take).off("end", end).off("close", cut);
      request.pause();
      body.drop();
    };
    const fail = (error: unknown): void => {
      stop();
      reject(error instanceof BrokenCompression ? new HttpError(400, error.message) : error);
    };
    const guarded = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        fail(error);
      }
    };
    const leave = (): void => fail(new SpanStoreError("ABORTED", "the call was cancelled"));
    const cut = (): void => fail(new HttpError(400, "the body ends before its end"));
    const timer = setTimeout(
      () => fail(new HttpError(408, `the body did not arrive within ${arrivalMs} ms`)),
      arrivalMs,
    ).unref();
    const body = arrivingBytes({
      what: "body",
      length,
      decoder,
      mostBytes,
      overheadBytes: 0,
      place,
      arrived: (bytes) => {
        stop();
        place.settle();
        resolve(bytes);
      },
      drained: () => request.resume(),
      failed: fail,
    });
    // A body takes room only from its first byte on.
    const begin = (): void => {
      if (!hasBegun) body.begin(0);
      hasBegun = true;
    };
    const take = (piece: Buffer): void =>
      guarded(() => {
        place.expect();
        begin();
        if (!body.add(piece)) request.pause();
      });
    const end = (): void => {
      request.off("close", cut);
      guarded(() => {
        begin();
        body.end();
      });
    };
    signal.addEventListener("abort", leave, { once: true });
    request.on("data", take).on("end", end).on("close", cut);
    if (request.readableEnded) end();
    else if (request.destroyed) cut();
    else request.resume();
  });
}

/** @throws HttpError for an unknown encoding. */
function decoderOf(request: IncomingMessage): (() => Decoder) | undefined {
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return undefined;
  const create = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (create === undefined) {
    const known = Object.keys(decoders).filter((name) => decoders[name] !== undefined && name !== "x-gzip");
    throw new HttpError(415, `bodies are taken plain or by ${known.join(", ")}, not by '${encoding}'`, {
      "accept-encoding": known.join(", "),
    });
  }
  return create;
}
