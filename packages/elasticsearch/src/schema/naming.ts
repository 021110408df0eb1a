import type { Window, Windows } from "./windows.js";

/** What the indices of one space are called. */
export interface Naming {
  readonly windows: Windows;
  /** Of the servers' common state. */
  readonly control: string;
  /** Of the template that dated indices are made from. */
  readonly template: string;
  /** All dated indices. */
  readonly pattern: string;
  /** Everything of the space but its template. */
  readonly everything: string;
  readonly index: (window: Window) => string;
  /** The window of an index; undefined when it is none of this space. */
  readonly windowOf: (index: string) => Window | undefined;
  /** The indices that may hold spans of a time range, as one expression of a path. */
  readonly between: (fromUnixNano: bigint, toUnixNano: bigint) => string;
}

/** With more names than this, or longer ones, the pattern stands for all. */
const mostNames = 40;
const longestExpression = 2_000;
/** Fragments are cut at a window's end give or take a millisecond. */
const cutNanos = 2_000_000n;

export function createNaming(prefix: string, windows: Windows): Naming {
  const start = `${prefix}spans-`;
  const pattern = `${start}*`;
  return {
    windows,
    control: `${prefix}control`,
    template: `${prefix}spans`,
    pattern,
    everything: `${pattern},${prefix}control`,
    index: ({ name }) => `${start}${name}`,
    windowOf: (index) => (index.startsWith(start) ? windows.named(index.slice(start.length)) : undefined),
    between: (from, to) => {
      const found = windows.between(from, to + cutNanos, mostNames);
      const names = found?.map(({ name }) => `${start}${name}`).join(",");
      return names === undefined || names.length > longestExpression ? pattern : names;
    },
  };
}

/**
 * The prefix of a tenant's indices: its name, in which everything but lower-case letters and digits is written as `_`
 * and the two hex digits of each byte, so that no two tenants have one.
 */
export function tenantPrefix(prefix: string, tenant: string): string {
  const name = Buffer.from(tenant, "utf8")
    .toString("latin1")
    .replace(/[^a-z0-9]/g, (char) => `_${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `${prefix}tenant-${name}-`;
}

/** The tenant whose state an index holds; undefined for any other index. */
export function tenantOfControl(prefix: string, index: string): string | undefined {
  const [, name] =
    /^tenant-([a-z0-9_]+)-control$/.exec(index.startsWith(prefix) ? index.slice(prefix.length) : "") ?? [];
  if (name === undefined) return undefined;
  const bytes = name.replace(/_([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const tenant = Buffer.from(bytes, "latin1").toString("utf8");
  return tenantPrefix(prefix, tenant) === `${prefix}tenant-${name}-` ? tenant : undefined;
}
