import type { IncomingMessage, ServerResponse } from "node:http";
import type sirv from "sirv";
import { codingFor } from "../wire/compression.js";

/** Static files for browsers. They hold no spans, so they need no token. */
export interface Page {
  /** Answers GET and HEAD. Returns false, without an answer, when there is no file at the path. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => boolean;
}

type Files = ReturnType<typeof sirv>;

/** The smallest first: files are compressed at build time, so the size alone counts. */
const codings = ["br", "gzip"] as const;

/** Sets one coding, since sirv ignores the weights in Accept-Encoding. sirv calls back at once for an unknown file. */
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
