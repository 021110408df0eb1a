import { createNameCodec } from "@spanstore/core/engine";
import type { Window, Windows } from "./windows.js";

/** What the indices of one space are called. */
export interface Naming {
  readonly windows: Windows;
  /** Of the servers' common state. */
  readonly control: string;
  /** Of the template that dated indices are made from. */
  readonly template: string;
  /** Of the template that the servers' common state is made from, should it be lost. */
  readonly controlTemplate: string;
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
    controlTemplate: `${prefix}control`,
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

const tenantWord = "tenant-";
const tenantNames = createNameCodec(/[a-z0-9]/, "_");

/** The prefix of a tenant's indices. */
export function tenantPrefix(prefix: string, tenant: string): string {
  return `${prefix}${tenantWord}${tenantNames.encode(tenant)}-`;
}

/** The tenant whose state an index holds; undefined for any other index. */
export function tenantOfControl(prefix: string, index: string): string | undefined {
  const start = `${prefix}${tenantWord}`;
  const end = "-control";
  if (!index.startsWith(start) || !index.endsWith(end)) return undefined;
  return tenantNames.decode(index.slice(start.length, -end.length));
}
