import type { Answer } from "../wire/answer.js";
import type { Call } from "../wire/call.js";
import { createIndenter } from "../wire/indent.js";

export const prettyParameter = { prettyPrint: "once" } as const;

function isPretty({ parameters }: Call): boolean {
  const value = parameters.text("prettyPrint");
  return value !== undefined && value !== "false";
}

/** Wraps data in the envelope of Jaeger's `/api/…` answers. */
export function structured(call: Call, data: unknown, total: number): Answer {
  const body = JSON.stringify({ data, total, limit: 0, offset: 0, errors: null });
  return { body: isPretty(call) ? createIndenter()(body) : body };
}

/** A streamed JSON answer, indented when the call asks for `prettyPrint`. */
export function streamed(call: Call, body: AsyncIterable<string>): Answer {
  return { body: isPretty(call) ? indented(body) : body };
}

async function* indented(texts: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  const indent = createIndenter();
  for await (const text of texts) yield indent(text);
}
