import { signal } from "@preact/signals";

/** The view in the URL: `#/trace/5b8a…?span=01`. The part behind `#` works with any prefix of the path. */
export interface Route {
  readonly view: View;
  /** The decoded parts of the path after the view's name. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

export const views = ["search", "trace", "compare", "services", "graph", "live", "about"] as const;
export type View = (typeof views)[number];

/** The route of a hash; search for an unknown view. */
export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#?\/?/, "");
  const at = text.indexOf("?");
  const [name = "", ...rest] = (at < 0 ? text : text.slice(0, at)).split("/");
  return {
    view: views.find((view) => view === name) ?? "search",
    parts: rest.map(decoded),
    query: new URLSearchParams(at < 0 ? "" : text.slice(at + 1)),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The hash of a view, without empty parameters. */
export function routeTo(
  view: View,
  parts: readonly string[] = [],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const path = [view, ...parts].map(encodeURIComponent).join("/");
  const set = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const text = new URLSearchParams(set).toString();
  return `#/${path}${text === "" ? "" : `?${text}`}`;
}

export const route = signal<Route>(parseRoute(typeof location === "undefined" ? "" : location.hash));

if (typeof window !== "undefined") {
  window.addEventListener("hashchange", () => {
    route.value = parseRoute(location.hash);
  });
}

/** Goes to a hash. `replace` adds no entry to the history. */
export function go(hash: string, { replace = false } = {}): void {
  if (hash === location.hash) return;
  if (!replace) {
    location.hash = hash;
    return;
  }
  history.replaceState(null, "", hash);
  route.value = parseRoute(hash);
}
