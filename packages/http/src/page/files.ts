import type { IncomingMessage, ServerResponse } from "node:http";
import type sirv from "sirv";
import { codingFor } from "../wire/compression.js";

/** Files for browsers. They hold nothing of the store, and need no token. */
export interface Page {
  /** Answers GET and HEAD; false when there is nothing at the path, and nothing was answered. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => boolean;
}

type Files = ReturnType<typeof sirv>;

/** Files are compressed when they are built, so the smallest comes first. */
const codings = ["br", "gzip"] as const;

/** sirv calls back at once when it has no such file. It reads names of codings alone, not how much they are wanted. */
export function answering(files: Files): Page["answer"] {
  return (request, response) => {
    let isFound = true;
    request.headers["accept-encoding"] = codingFor(request.headers, codings) ?? "identity";
    files(request, response, () => {
      isFound = false;
    });
    return isFound;
  };
}
