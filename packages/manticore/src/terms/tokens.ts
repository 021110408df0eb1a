import type { Term, TermNode, TraceFragment } from "@spanstore/core/engine";
import type { SqlBytes } from "../connection/literals.js";
import { timeTokens } from "./time-tokens.js";

/**
 * A token of the full-text field: eight digits of base 36, which every charset treats as one word and none folds. There
 * are more terms than tokens, so some terms share one. Candidates are checked, so a shared token costs only time.
 */
const tokenLength = 8;
const tokenValues = 36 ** tokenLength;
const half = 36 ** 4;
const space = 0x20;

const base = 36;
const pairs = base * base;
const signs = "0123456789abcdefghijklmnopqrstuvwxyz";
/** The two digits of each number below 36 * 36, concatenated. */
const digits = Uint8Array.from({ length: pairs * 2 }, (_, i) =>
  signs.charCodeAt(i % 2 === 0 ? Math.floor(i / 2 / base) : (i >> 1) % base),
);

function put(out: Uint8Array, at: number, value: number): void {
  // The operator % on numbers above 32 bits would cost more than everything else here.
  const rest = value - tokenValues * Math.floor(value / tokenValues);
  const high = Math.floor(rest / half);
  putHalf(out, at, high);
  putHalf(out, at + 4, rest - high * half);
}

function putHalf(out: Uint8Array, at: number, value: number): void {
  const high = ((value / pairs) | 0) * 2;
  const low = (value | 0) * 2 - high * pairs;
  out[at] = digits[high] as number;
  out[at + 1] = digits[high + 1] as number;
  out[at + 2] = digits[low] as number;
  out[at + 3] = digits[low + 1] as number;
}

function textOf(value: number): string {
  const token = Buffer.alloc(tokenLength);
  put(token, 0, value);
  return token.toString("latin1");
}

/** The value of a trace id's token: a hash, since ids may be sequential. */
function traceValue(traceId: Uint8Array): number {
  let low = 0x811c9dc5;
  let high = 0x7ace1d;
  for (let i = 0; i < 16; i++) {
    const byte = traceId[i] as number;
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte, 0x27d4eb2f);
  }
  low = Math.imul(low ^ (low >>> 15), 0x85ebca6b);
  low ^= low >>> 13;
  high = Math.imul(high ^ (high >>> 15) ^ low, 0xc2b2ae35);
  high ^= high >>> 16;
  return (high & 0xfffff) * 0x400000 + (low & 0x3fffff);
}

/**
 * Appends a fragment's tokens with spaces between: of its time, its trace id and its terms.
 * @param without terms to leave out.
 */
export function appendTokens(
  out: SqlBytes,
  { traceId, newestStartUnixNano, terms }: TraceFragment,
  without: ReadonlySet<Term>,
): void {
  out.ascii(`${timeTokens(newestStartUnixNano / 1000n)} `);
  out.reserve((terms.size + 1) * (tokenLength + 1));
  const { bytes } = out;
  let at = out.length;
  put(bytes, at, traceValue(traceId));
  at += tokenLength;
  terms.forEach((term) => {
    if (without.has(term)) return;
    bytes[at++] = space;
    put(bytes, at, term);
    at += tokenLength;
  });
  out.length = at;
}

/**
 * A MATCH expression for a trace id. Tokens are quoted, since some spell an operator's name.
 * @param traceId 32 hex characters.
 */
export function matchTrace(traceId: string): string {
  return `"${textOf(traceValue(Buffer.from(traceId, "hex")))}"`;
}

/** A MATCH expression for a condition. */
export function matchTerms(node: TermNode): string {
  if ("term" in node) return matchTerm(node.term);
  const [nodes, operator] = "all" in node ? [node.all, " "] : [node.any, "|"];
  return `(${nodes.map(matchTerms).join(operator)})`;
}

function matchTerm(term: Term): string {
  return `"${textOf(term)}"`;
}

/** The token of a term. */
export function tokenOfTerm(term: Term): string {
  return textOf(term);
}
