import type { AnyJson } from "./conditions.js";

/** An attribute and its value. */
export interface Tag {
  readonly key: string;
  readonly value: AnyJson;
}

/**
 * Parses tags in the form of Jaeger's page: `http.status_code=500 error="card declined"`. Numbers, `true` and `false` have
 * their own type; in quotes they are text.
 */
export function parseTags(text: string): readonly Tag[] {
  const tags: Tag[] = [];
  for (const [, key = "", quoted, bare = ""] of text.matchAll(
    /([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s]*))/g,
  )) {
    tags.push({ key, value: quoted === undefined ? guessed(bare) : { stringValue: unescaped(quoted) } });
  }
  return tags;
}

function guessed(text: string): AnyJson {
  if (/^-?\d{1,15}$/.test(text)) return { intValue: text };
  if (/^-?\d+\.\d+$/.test(text)) return { doubleValue: text };
  if (text === "true" || text === "false") return { boolValue: text };
  return { stringValue: text };
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}

/** Formats tags for `parseTags`. */
export function formatTags(tags: readonly Tag[]): string {
  return tags.map(({ key, value }) => `${key}=${formatValue(value)}`).join(" ");
}

function formatValue(value: AnyJson): string {
  const text = String(Object.values(value)[0] ?? "");
  const isTaken = JSON.stringify(Object.keys(guessed(text))) === JSON.stringify(Object.keys(value));
  return isTaken && !/[\s"]/.test(text) && text !== "" ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}
