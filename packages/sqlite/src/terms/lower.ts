import type { Term, TermNode } from "@spanstore/core/engine";

/**
 * A term in the FTS5 table, the index of schema versions before 3: six bytes of seven bits, each with the top bit set. The
 * ascii tokenizer takes such bytes as letters and does not fold them, and hex would take twice as many.
 */
const termBytes = 6;
const quote = 0x22;

function putTerm(out: Uint8Array, at: number, term: Term): void {
  const low = term % 0x200000;
  const high = (term - low) / 0x200000;
  out[at] = 0x80 | (low & 0x7f);
  out[at + 1] = 0x80 | ((low >>> 7) & 0x7f);
  out[at + 2] = 0x80 | (low >>> 14);
  out[at + 3] = 0x80 | (high & 0x7f);
  out[at + 4] = 0x80 | ((high >>> 7) & 0x7f);
  out[at + 5] = 0x80 | (high >>> 14);
}

/** A MATCH expression as bytes, since terms are not valid UTF-8. */
export function matchExpression(node: TermNode): Buffer {
  const parts: Buffer[] = [];
  appendNode(node, parts);
  return Buffer.concat(parts);
}

const open = Buffer.from("(");
const close = Buffer.from(")");
const and = Buffer.from(" AND ");
const or = Buffer.from(" OR ");

function appendNode(node: TermNode, parts: Buffer[]): void {
  if ("term" in node) {
    const quoted = Buffer.alloc(termBytes + 2, quote);
    putTerm(quoted, 1, node.term);
    parts.push(quoted);
    return;
  }
  const [nodes, operator] = "all" in node ? [node.all, and] : [node.any, or];
  parts.push(open);
  nodes.forEach((inner, i) => {
    if (i > 0) parts.push(operator);
    appendNode(inner, parts);
  });
  parts.push(close);
}
