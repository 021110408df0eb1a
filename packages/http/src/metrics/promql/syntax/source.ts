import type { parser } from "@prometheus-io/lezer-promql";
import type { Position } from "./ast.js";
import { durationOfText, numberOfText } from "./literals.js";
import { refusal } from "./refusal.js";

/** A node of the parser's tree. */
export type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

/** Reads the text and the position of nodes. */
export interface Source {
  readonly textOf: (node: SyntaxNode) => string;
  readonly positionOf: (node: SyntaxNode) => Position;
}

/** A length of time in milliseconds; a plain number counts seconds. @throws INVALID_QUERY. */
export function durationOf(node: SyntaxNode, { textOf, positionOf }: Source): number {
  const text = textOf(node).trim();
  const [, sign = "", digits = ""] = /^([+-]?)\s*(.*)$/s.exec(text) ?? [];
  const seconds = numberOfText(digits);
  const millis = durationOfText(digits) ?? (seconds === undefined ? Number.NaN : seconds * 1000);
  if (Number.isFinite(millis)) return sign === "-" ? -millis : millis;
  throw refusal(
    positionOf(node),
    `${text} is no length of time that is evaluated here`,
    "such as 5m or 1h30m",
  );
}
