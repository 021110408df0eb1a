import { ask } from "../api/client.js";
import { type FoundSpan, type ResourceSpansJson, spansOfJson } from "../api/search.js";
import { createEventParser } from "./event-parser.js";

export interface Arrived {
  /** The newest last. */
  readonly spans: readonly FoundSpan[];
  /** The number of further spans that arrived and are not shown. */
  readonly leftOut: number;
}

/** Shows spans as they arrive at the server, until the signal fires. @throws when the connection breaks. */
export async function watchSpans(
  q: string,
  show: (arrived: Arrived) => void,
  signal: AbortSignal,
): Promise<void> {
  // EventSource cannot send a token.
  const answer = await ask("api/v3/live", { params: { q }, accept: "text/event-stream", signal });
  if (answer.body === null) throw new Error("the answer has no body");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  const parse = createEventParser();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the server ended the connection");
    for (const { name, data } of parse(value)) {
      if (name !== "spans") continue;
      const { resourceSpans, leftOut } = JSON.parse(data) as {
        readonly resourceSpans: readonly ResourceSpansJson[];
        readonly leftOut: number;
      };
      show({ spans: spansOfJson(resourceSpans), leftOut });
    }
  }
}
