import { createHash, timingSafeEqual } from "node:crypto";
import { SpanStoreError } from "@spanstore/core";

const roles = ["read", "write", "all"] as const;

/** The rights of a token. */
export type Role = (typeof roles)[number];

/** The identity and rights of a token's caller. */
export interface Grant {
  readonly role: Role;
  /** The name in the log, which never shows the token itself. */
  readonly name: string;
  /** The tenants of its calls; undefined: all, and the default tenant. */
  readonly tenants: readonly string[] | undefined;
}

/** A grant with the hash of its token; the token itself is not kept. */
export interface TokenEntry {
  readonly hash: Buffer;
  readonly grant: Grant;
}

/** Shorter tokens could be guessed. */
const minTokenLength = 16;

/**
 * Reads a file of tokens. A line is a role, a token, and optionally `name=NAME` and `tenants=NAME,NAME`; `#` begins a
 * comment.
 * @throws INVALID_OPTIONS naming the line, never the token.
 */
export function tokensOfFile(content: Buffer): TokenEntry[] {
  const entries = content
    .toString("utf8")
    .split(/\r?\n/)
    .flatMap((line, i) => {
      const words = line.trim().split(/\s+/);
      if (words[0] === "" || words[0]?.startsWith("#")) return [];
      return [entryOf(words, `line ${i + 1}`)];
    });
  if (entries.length === 0) throw invalid("the file of tokens has no token");
  return entries;
}

/** Reads tokens as `ROLE:TOKEN`. @throws INVALID_OPTIONS with the position of the wrong one, never the token. */
export function tokensOfWords(words: readonly string[]): TokenEntry[] {
  return words.map((word, i) => {
    const colon = word.indexOf(":");
    return entryOf([word.slice(0, Math.max(0, colon)), word.slice(colon + 1)], `token ${i + 1}`);
  });
}

function entryOf([role = "", token = "", ...settings]: readonly string[], where: string): TokenEntry {
  if (!isRole(role)) throw invalid(`${where}: the role is none of ${roles.join(", ")}`);
  if (!/^[!-~]*$/.test(token)) throw invalid(`${where}: the token is not printable ASCII`);
  if (token.length < minTokenLength) {
    throw invalid(`${where}: the token has fewer than ${minTokenLength} characters`);
  }
  let name = where;
  let tenants: readonly string[] | undefined;
  for (const setting of settings) {
    const [, key, value = ""] = /^(name|tenants)=(.+)$/.exec(setting) ?? [];
    if (key === "name") name = value;
    else if (key === "tenants") tenants = value.split(",");
    else throw invalid(`${where}: after the token stands neither name=NAME nor tenants=NAME,NAME`);
  }
  return { hash: hashOf(token), grant: { role, name, tenants } };
}

/**
 * The grant of a token. It compares the hashes of all entries in constant time, so that the time does not reveal how near
 * a guess is.
 */
export function grantOf(entries: readonly TokenEntry[], token: string): Grant | undefined {
  const hash = hashOf(token);
  let found: Grant | undefined;
  for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) found ??= entry.grant;
  return found;
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function isRole(word: string): word is Role {
  return (roles as readonly string[]).includes(word);
}

function invalid(problem: string): SpanStoreError {
  return new SpanStoreError("INVALID_OPTIONS", problem, {
    field: "auth",
    hint: "a line is a role (read, write or all) and a token of 16 characters or more",
  });
}
