import { z } from "zod";

const hidden = "***";

/** The parameter that the address of a Manticore shard may have. */
const agentPart = /^(\?agent=[\w.:-]+)?$/;

/** An address with its password hidden; `***` when it is no URL, or may contain a part of a password. */
export function shownAddress(text: string): string {
  const url = urlOf(text);
  if (url === undefined) return hidden;
  const { protocol, username, password, host, pathname, search } = url;
  if (password === "") return text;
  return `${protocol}//${username}:${hidden}@${host}${pathname === "/" ? "" : pathname}${search}`;
}

/** A text for a message; `***` when it may contain an address with a password. */
export function shownText(text: string): string {
  return text.includes("@") && text.includes("://") ? hidden : text;
}

/** The address of a backend, with an optional user and password. */
export function backendAddress(schemes: RegExp, example: string) {
  return z
    .string()
    .regex(schemes, `must be ${example}`)
    .refine(
      (text) => !schemes.test(text) || urlOf(text) !== undefined,
      `must be ${example}, where a user's password has %40 for @, %2F for /, %3A for :, %3F for ?, %23 for #, %2C for a comma`,
    );
}

/** Undefined for an invalid URL, also for an unescaped `/` in a password, which ends the host early and puts `@` into the path. */
function urlOf(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === "" || url.hash !== "") return undefined;
  return url.pathname.includes("@") || !agentPart.test(url.search) ? undefined : url;
}
