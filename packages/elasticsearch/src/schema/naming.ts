import { createNameCodec } from "@spanstore/core/engine";
import type { Window, Windows } from "./windows.js";

/** The names of one namespace's indices and templates. */
export interface Naming {
  readonly windows: Windows;
  /** The index of the state that servers share. */
  readonly control: string;
  /** The template of dated indices. */
  readonly template: string;
  /** The template of the control index, for Elasticsearch to make it again when it is lost. */
  readonly controlTemplate: string;
  /** Matches all dated indices. */
  readonly pattern: string;
  /** Matches all indices of the namespace. */
  readonly everything: string;
  readonly index: (window: Window) => string;
  /** The window of an index; undefined for an index of another namespace. */
  readonly windowOf: (index: string) => Window | undefined;
  /** The indices that may hold spans of a time range, as one expression for a path. */
  readonly between: (fromUnixNano: bigint, toUnixNano: bigint) => string;
}

/** The pattern replaces more names, or more characters, than this. */
const mostNames = 40;
const longestExpression = 2_000;
/** `splitByTrace` cuts fragments at the end of a window to the millisecond. */
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

/** The tenant of a control index; undefined for any other index. */
export function tenantOfControl(prefix: string, index: string): string | undefined {
  const start = `${prefix}${tenantWord}`;
  const end = "-control";
  if (!index.startsWith(start) || !index.endsWith(end)) return undefined;
  return tenantNames.decode(index.slice(start.length, -end.length));
}
