import { SpanStoreError } from "../errors/errors.js";
import { createFingerprint } from "./fingerprint.js";

/** The content of a page token. */
export interface PagePosition {
  /** The pages do not include writes after this one. */
  readonly sequence: number;
  /** The end of the previous page: the values of the order's keys. */
  readonly cursor: readonly string[];
}

const version = 1;

/**
 * Encodes an opaque page token, which is valid for one query and its order alone. `decodePageToken` detects changes.
 * @param fingerprint identifies the query and its order.
 */
export function encodePageToken(position: PagePosition, fingerprint: string): string {
  const body = JSON.stringify([version, fingerprint, position.sequence, ...position.cursor]);
  return Buffer.from(`${createFingerprint(body)}${body}`).toString("base64url");
}

/** @throws INVALID_QUERY naming `field` for a token that is malformed, changed, or belongs to another query. */
export function decodePageToken(token: string, fingerprint: string, field: string): PagePosition {
  const text = Buffer.from(token, "base64url").toString("utf8");
  const start = text.indexOf("[");
  const body = start < 0 ? "" : text.slice(start);
  // The decoder ignores characters outside base64 and spare bits at the end.
  const isExact = Buffer.from(text).toString("base64url") === token;
  if (!isExact || text.slice(0, start) !== createFingerprint(body)) throw refused(field, "is no page token");
  const [tokenVersion, query, sequence, ...cursor] = JSON.parse(body) as [
    number,
    string,
    number,
    ...string[],
  ];
  if (tokenVersion !== version) throw refused(field, "is of another version");
  if (query !== fingerprint) throw refused(field, "belongs to another query or another order");
  return { sequence, cursor };
}

function refused(field: string, problem: string): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", `${field} ${problem}`, {
    field,
    hint: "repeat the query that gave the token, with everything but the page size as it was",
  });
}
