import type { IncomingMessage, ServerResponse } from "node:http";
import type sirv from "sirv";

/** Files for browsers. They hold nothing of the store, and need no token. */
export interface Page {
  /** Answers GET and HEAD; false when there is nothing at the path, and nothing was answered. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => boolean;
}

type Files = ReturnType<typeof sirv>;

/** sirv calls back at once when it has no such file. */
export function answering(files: Files): Page["answer"] {
  return (request, response) => {
    let isFound = true;
    files(request, response, () => {
      isFound = false;
    });
    return isFound;
  };
}
