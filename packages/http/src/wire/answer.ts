import type { IncomingMessage, ServerResponse } from "node:http";
import { SpanStoreError } from "@spanstore/core";
import type { Settings } from "../options.js";

/** What a call is answered. */
export interface Answer {
  /** Default: 200. */
  readonly status?: number;
  /** Default: JSON. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What comes one after the other is written as fast as the client takes it. */
  readonly body: string | Uint8Array | AsyncIterable<string> | AsyncIterable<Uint8Array>;
}

export const json = "application/json";
export const protobuf = "application/x-protobuf";

/** Pieces are joined until they have so many characters. */
const pieceLength = 64 * 1024;

/**
 * Sends an answer. Of one that is a stream nothing is sent before its first piece is there, so that what fails at once is
 * answered with an error.
 * @throws what the stream throws before its first piece; ABORTED when the client leaves or takes nothing.
 */
export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status = 200, contentType = json, headers = {}, body }: Answer,
  { stallMs }: Pick<Settings, "stallMs">,
): Promise<void> {
  const head = { "content-type": contentType, "x-content-type-options": "nosniff", ...headers };
  if (typeof body === "string" || body instanceof Uint8Array) {
    const hasBody = status !== 304 && status !== 204;
    const length = hasBody ? { "content-length": Buffer.byteLength(body) } : {};
    response.writeHead(status, { ...(hasBody ? head : headers), ...length });
    response.end(hasBody && request.method !== "HEAD" ? body : undefined);
    return;
  }
  const pieces: AsyncIterator<string | Uint8Array> = body[Symbol.asyncIterator]();
  try {
    let next = await pieces.next();
    response.writeHead(status, head);
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    let text = "";
    for (; !next.done; next = await pieces.next()) {
      const { value } = next;
      if (typeof value === "string") text += value;
      const piece = typeof value === "string" ? text : value;
      if (piece === text && text.length < pieceLength) continue;
      if (!response.write(piece)) await drained(response, stallMs);
      text = "";
    }
    response.end(text);
  } finally {
    await pieces.return?.();
  }
}

function drained(response: ServerResponse, stallMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      response.off("drain", go).off("close", leave);
    };
    const go = (): void => {
      stop();
      resolve();
    };
    const leave = (): void => {
      stop();
      reject(new SpanStoreError("ABORTED", "the client left"));
    };
    const timer = setTimeout(() => {
      stop();
      response.destroy();
      reject(new SpanStoreError("ABORTED", `the client took nothing for ${stallMs} ms`));
    }, stallMs).unref();
    if (response.destroyed) leave();
    else response.on("drain", go).on("close", leave);
  });
}
