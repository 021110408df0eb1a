import fc from "fast-check";
import { formatTraceQl } from "../../src/query/traceql/format.js";
import { canonicalFilter } from "./arbitrary-canonical.js";

/** Valid and invalid pieces of texts. */
const piece = fc.oneof(
  fc.constantFrom(
    ..."{}(),.:=!<>&|~+-*/%^\"`'\\ \n\t#@[];".split(""),
    "&&",
    "||",
    "!=",
    "=~",
    "!~",
    ">=",
    "<=",
    ">>",
    "!>>",
    "&>>",
  ),
  fc.constantFrom(
    "name",
    "kind",
    "duration",
    "span.",
    "span:",
    "event:name",
    "resource.service.name",
    ".a",
    '."odd key"',
    "parent.",
  ),
  fc.constantFrom(
    "in(",
    "not_in(",
    "some(event,",
    "some(link,",
    "phrase(",
    "words(",
    "count()",
    "by",
    "nil",
    "true",
    "error",
    "server",
  ),
  fc.constantFrom(
    '"a"',
    "`a`",
    '"\\x41"',
    '"(a"',
    "5",
    "-5",
    "1.5",
    "500ms",
    "1e999",
    "99999999999999999999",
    "//",
    "/*",
    "*/",
  ),
  fc.string({ unit: "binary", maxLength: 4 }),
);
const pieces = fc.array(piece, { maxLength: 30 });

/** Texts made of pieces, some in braces. */
export const anyText = fc
  .tuple(pieces, fc.boolean(), fc.constantFrom("", " "))
  .map(([parts, isBraced, gap]) => {
    const text = parts.join(gap);
    return isBraced ? `{ ${text} }` : text;
  });

/** Valid texts with a few pieces inserted or parts removed. */
export const mutatedText = fc
  .tuple(canonicalFilter, fc.array(fc.tuple(fc.nat(), fc.nat(6), piece), { maxLength: 3 }))
  .map(([filter, edits]) =>
    edits.reduce((text, [place, length, put]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + put + text.slice(at + length);
    }, formatTraceQl(filter)),
  );
