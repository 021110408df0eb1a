import { SpanStoreError } from "@spanstore/core";

/** Perhaps an integer beyond 2^53 that stands there as a number; in a string it does no harm to find one. */
const longInteger = /[:,[]\s*-?(?:\d{17,}|9\d{15})(?![\d.eE])/;

/** Not the digits of a fraction or of an exponent. */
const stringsAndIntegers = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/**
 * JSON.parse, but with integers that it would round as strings of all their digits.
 * @throws INVALID_TRACES when the text is no JSON.
 */
export function parseExactly(text: string): unknown {
  try {
    if (!longInteger.test(text)) return JSON.parse(text);
    return JSON.parse(
      text.replace(stringsAndIntegers, (part) => (part.startsWith('"') ? part : `"${part}"`)),
    );
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new SpanStoreError("INVALID_TRACES", `is no JSON: ${shortened(cause.message)}`, { cause });
  }
}

/** Node quotes what it could not read, which can be long. */
function shortened(message: string): string {
  return message.length > 120 ? `${message.slice(0, 120)}...` : message;
}
