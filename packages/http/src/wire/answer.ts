import type { IncomingMessage, ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import { SpanStoreError } from "@spanstore/core";
import type { Settings } from "../options.js";
import {
  type Coding,
  codingFor,
  createEncoder,
  isCompressible,
  leastCompressed,
  tagOfCoding,
} from "./compression.js";

/** The answer to a call. */
export interface Answer {
  /** Default: 200. */
  readonly status?: number;
  /** Default: JSON. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is written as fast as the client takes it. */
  readonly body: Piece | AsyncIterable<string> | AsyncIterable<Uint8Array>;
}

type Piece = string | Uint8Array;
type Pieces = Iterator<Piece> | AsyncIterator<Piece>;

export const json = "application/json";
export const protobuf = "application/x-protobuf";

/** Pieces are joined or cut to about this many characters. */
const pieceLength = 64 * 1024;

/**
 * Sends an answer, compressed as the client prefers, and waits until the client has taken it. Nothing of a stream is sent
 * before its first piece, or its first kilobyte when it is compressed, so that an earlier failure becomes an error answer.
 * @throws such a failure; ABORTED when the client leaves or takes nothing.
 */
export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status = 200, contentType = json, headers = {}, body }: Answer,
  { stallMs }: Pick<Settings, "stallMs">,
): Promise<void> {
  const hasBody = status !== 304 && status !== 204;
  const mayCompress = isCompressible(contentType);
  const vary = mayCompress ? withVary(response, headers) : headers;
  if (!hasBody) {
    response.writeHead(status, vary).end();
    return;
  }
  const head = { "content-type": contentType, "x-content-type-options": "nosniff", ...vary };
  const coding = mayCompress ? codingFor(request.headers) : undefined;
  const whole = isPiece(body) ? bytesOf(body) : undefined;
  if (whole !== undefined && (coding === undefined || whole.length < leastCompressed)) {
    response.writeHead(status, { ...head, "content-length": whole.length });
    if (request.method === "HEAD") response.end();
    else await sendPieces(response, response, slicesOf(whole), stallMs);
    return;
  }
  const pieces: Pieces = isPiece(body) ? slicesOf(bytesOf(body)) : body[Symbol.asyncIterator]();
  try {
    const { first, isTiny } = await beginningOf(pieces, coding === undefined ? 1 : leastCompressed);
    const used = isTiny ? undefined : coding;
    response.writeHead(status, used === undefined ? head : codedHead(head, used));
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    const target = used === undefined ? response : encodedInto(response, used);
    await sendPieces(target, response, joined(first, pieces), stallMs);
  } finally {
    await pieces.return?.();
  }
}

function isPiece(body: Answer["body"]): body is Piece {
  return typeof body === "string" || body instanceof Uint8Array;
}

function bytesOf(body: Piece): Buffer {
  if (typeof body === "string") return Buffer.from(body);
  return Buffer.from(body.buffer, body.byteOffset, body.length);
}

/** Every answer varies by Accept-Encoding, also one that is not compressed. */
function withVary(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const others = [response.getHeader("vary") ?? [], headers.vary ?? []].flat();
  return { ...headers, vary: [...others, "accept-encoding"].join(", ") };
}

function codedHead(head: Readonly<Record<string, string>>, coding: Coding): Record<string, string> {
  const { etag } = head;
  return {
    ...head,
    "content-encoding": coding,
    ...(etag === undefined ? {} : { etag: tagOfCoding(etag, coding) }),
  };
}

/** Reads at least `wanted` characters or bytes, or all. */
async function beginningOf(
  pieces: Pieces,
  wanted: number,
): Promise<{ readonly first: readonly Piece[]; readonly isTiny: boolean }> {
  const first: Piece[] = [];
  let size = 0;
  while (size < wanted) {
    const next = await pieces.next();
    if (next.done) return { first, isTiny: true };
    first.push(next.value);
    size += next.value.length;
  }
  return { first, isTiny: false };
}

async function* joined(first: readonly Piece[], rest: Pieces): AsyncGenerator<Piece, void, undefined> {
  yield* first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

function* slicesOf(body: Buffer): Generator<Piece, void, undefined> {
  for (let at = 0; at < body.length; at += pieceLength) yield body.subarray(at, at + pieceLength);
}

/** Pipes an encoder into the response, which slows it down while the client takes nothing. */
function encodedInto(response: ServerResponse, coding: Coding): Writable {
  const encoder = createEncoder(coding);
  encoder.on("error", () => response.destroy());
  response.once("close", () => encoder.destroy());
  encoder.pipe(response);
  return encoder;
}

/** Writes pieces as fast as the client takes them, and resolves when it has taken all. */
async function sendPieces(
  target: Writable,
  response: ServerResponse,
  pieces: Iterable<Piece> | AsyncIterable<Piece>,
  stallMs: number,
): Promise<void> {
  let text = "";
  for await (const piece of pieces) {
    if (typeof piece === "string") {
      text += piece;
      if (text.length < pieceLength) continue;
    }
    const isTaken = target.write(typeof piece === "string" ? text : piece);
    text = "";
    if (!isTaken) await taken("drain", target, response, stallMs);
  }
  target.end(text);
  if (!response.writableFinished) await taken("finish", response, response, stallMs);
}

/** @throws ABORTED when the client leaves, or takes nothing for too long. */
function taken(
  event: "drain" | "finish",
  target: Writable,
  response: ServerResponse,
  stallMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      target.off(event, go);
      response.off("close", leave);
    };
    const go = (): void => {
      stop();
      resolve();
    };
    const leave = (): void => {
      stop();
      if (response.writableFinished) resolve();
      else reject(new SpanStoreError("ABORTED", "the client left"));
    };
    const timer = setTimeout(() => {
      stop();
      response.destroy();
      reject(new SpanStoreError("ABORTED", `the client took nothing for ${stallMs} ms`));
    }, stallMs).unref();
    if (response.destroyed) leave();
    else {
      target.on(event, go);
      response.on("close", leave);
    }
  });
}
