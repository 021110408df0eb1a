import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { SpanStoreError } from "@spanstore/core";
import type { BodyPlace } from "../options.js";
import { HttpError } from "./errors.js";

export interface BodyOptions {
  /** The most that a body may have, decompressed. */
  readonly mostBytes: number;
  /** How long it may take to arrive, in milliseconds. */
  readonly arrivalMs: number;
  readonly place: BodyPlace;
  /** Fires when the client has left. */
  readonly signal: AbortSignal;
}

/** No more than this comes out of one compressed byte, once more than `smallBytes` have come. */
const maxRatio = 256;
const smallBytes = 4 * 1024 * 1024;

const decoders: Readonly<Record<string, (() => Transform) | undefined>> = {
  gzip: zlib.createGunzip,
  "x-gzip": zlib.createGunzip,
  deflate: zlib.createInflate,
  // Node.js has it from 22.15 on.
  zstd: zlib.createZstdDecompress,
};

/**
 * The body of a request, decompressed, no larger than it may be at any moment while it comes.
 * @throws TOO_LARGE, OVERLOADED, ABORTED; HttpError for a body that is cut, late, or compressed in a way that is not known.
 */
export function readBody(request: IncomingMessage, options: BodyOptions): Promise<Buffer> {
  const { mostBytes, arrivalMs, place, signal } = options;
  const decoder = decoderOf(request);
  const declared = Number(request.headers["content-length"] ?? 0);
  if (decoder === undefined && declared > mostBytes) return Promise.reject(tooLarge(mostBytes));
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let received = 0;
    let size = 0;
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      request.off("data", take).off("end", end).off("close", cut);
      request.pause();
      decoder?.removeAllListeners().on("error", () => {});
      decoder?.destroy();
    };
    const fail = (error: unknown): void => {
      stop();
      reject(error);
    };
    const leave = (): void => fail(new SpanStoreError("ABORTED", "the call was cancelled"));
    const cut = (): void => fail(new HttpError(400, "the body ends before its end"));
    const timer = setTimeout(
      () => fail(new HttpError(408, `the body did not arrive within ${arrivalMs} ms`)),
      arrivalMs,
    ).unref();
    const finish = (): void => {
      stop();
      place.settle();
      resolve(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, size));
    };
    const add = (piece: Buffer): void => {
      size += piece.length;
      try {
        if (size > mostBytes) throw tooLarge(mostBytes);
        if (decoder !== undefined && size > smallBytes && size > received * maxRatio) throw tooDense();
        place.take(piece.length);
      } catch (error) {
        fail(error);
        return;
      }
      pieces.push(piece);
    };
    const take = (piece: Buffer): void => {
      received += piece.length;
      place.expect();
      if (decoder === undefined) add(piece);
      else if (!decoder.write(piece)) request.pause();
    };
    const end = (): void => {
      request.off("close", cut);
      if (decoder === undefined) finish();
      else decoder.end();
    };
    decoder?.on("data", add);
    decoder?.on("drain", () => request.resume());
    decoder?.on("end", finish);
    decoder?.on("error", () => fail(new HttpError(400, "the body cannot be decompressed")));
    signal.addEventListener("abort", leave, { once: true });
    request.on("data", take).on("end", end).on("close", cut);
    if (request.readableEnded) end();
    else if (request.destroyed) cut();
    else request.resume();
  });
}

/** @throws HttpError for a way of compression that is not known. */
function decoderOf(request: IncomingMessage): Transform | undefined {
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return undefined;
  const create = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (create === undefined) {
    const known = Object.keys(decoders).filter((name) => decoders[name] !== undefined && name !== "x-gzip");
    throw new HttpError(415, `bodies are taken plain or by ${known.join(", ")}, not by '${encoding}'`, {
      "accept-encoding": known.join(", "),
    });
  }
  return create();
}

function tooLarge(mostBytes: number): SpanStoreError {
  return new SpanStoreError("TOO_LARGE", `a body here has no more than ${mostBytes} bytes`, {
    field: "body",
  });
}

function tooDense(): SpanStoreError {
  return new SpanStoreError(
    "TOO_LARGE",
    `a body of more than ${smallBytes} bytes is compressed to no less than 1 of ${maxRatio} bytes`,
    { field: "body", hint: "send smaller requests, or send them without compression" },
  );
}
