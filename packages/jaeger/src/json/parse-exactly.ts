import { SpanStoreError } from "@spanstore/core";
import { parseWithLongNumbers } from "./long-numbers.js";

/**
 * JSON.parse that gives whole numbers which it would round as bigints.
 * @throws INVALID_TRACES when the text is no JSON.
 */
export function parseExactly(text: string): unknown {
  try {
    return parseWithLongNumbers(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new SpanStoreError("INVALID_TRACES", `is no JSON: ${shortened(cause.message)}`, { cause });
  }
}

/** Cuts Node's quote of the text, which can be long, and its position, which is wrong when the text is a part of another. */
function shortened(error: string): string {
  const message = error.replace(/ in JSON at position \d+(?: \(line \d+ column \d+\))?/, "");
  return message.length > 120 ? `${message.slice(0, 120)}...` : message;
}
