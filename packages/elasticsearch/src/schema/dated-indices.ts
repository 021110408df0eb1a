import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Settings } from "../options.js";
import { isForeign } from "./foreign.js";
import { type DatedMapping, datedIndex, isDatedMapping } from "./schema.js";

/** Dated indices that are about to be written to. */
export interface DatedIndices {
  /**
   * Makes those that are not known to be there.
   * @throws STORE_UNAVAILABLE for one that was made without the store's template.
   */
  readonly ensure: (indices: Iterable<string>, generation: number) => Promise<void>;
  /** They may be gone. */
  readonly forget: () => void;
  /**
   * Looks whether indices that were just written to are what they were at earlier writes. To be asked before a write is
   * acknowledged that relies on what earlier ones brought.
   * @param first those in which the write was the first of a shard.
   */
  readonly changed: (indices: Iterable<string>, first: ReadonlySet<string>) => Promise<Changed>;
}

/** Indices that are not what they were. */
export interface Changed {
  /** Deleted and made again since. */
  readonly renewed: readonly string[];
  /** Served again from what a node had of them. */
  readonly restarted: readonly string[];
}

/** How long a new index's shards are waited for; the write that follows tells when they are still not there. */
const shardTimeout = "5s";
/** What was looked at is believed for so long, unless a request found nobody: no node starts again within this time. */
const believedMillis = 2_000;
const maxKnown = 10_000;
const doing = "cannot write";
const nothing: Changed = { renewed: [], restarted: [] };
const gone: Identity = { uuid: "", terms: "" };

interface State {
  readonly metadata?: {
    readonly indices?: Readonly<
      Record<
        string,
        {
          readonly settings?: { readonly index?: { readonly uuid?: string } };
          readonly primary_terms?: Readonly<Record<string, number>>;
          readonly mappings?: { readonly _doc?: DatedMapping };
        }
      >
    >;
  };
}

interface Identity {
  /** Another index of the same name has another one; "" when there is none. */
  readonly uuid: string;
  /** They rise whenever a shard is served again. */
  readonly terms: string;
}

/** An index at a moment. */
interface Seen extends Identity {
  readonly at: number;
  readonly failures: number;
}

/**
 * Indices are made before they are written to rather than by the write, which not every cluster lets make them, and which
 * would make one that finds nothing where another's template comes before the store's own or the store's was removed.
 */
export function createDatedIndices(client: Client, settings: Settings): DatedIndices {
  const known = new Map<string, Promise<void>>();
  const seen = new Map<string, Seen>();
  let generation = -1;

  const make = async (index: string): Promise<void> => {
    try {
      await client.request(
        { method: "PUT", path: `/${index}`, query: { timeout: shardTimeout }, body: datedIndex(settings) },
        { doing, expects: ["exists"] },
      );
    } catch (error) {
      if (failureOf(error) !== "exists") throw error;
      await look([index]);
    }
  };

  /** What tells indices from others of their names. @throws STORE_UNAVAILABLE for one that is not ours. */
  const look = async (indices: readonly string[]): Promise<ReadonlyMap<string, Identity>> => {
    const identities = new Map<string, Identity>();
    const fields = ["settings.index.uuid", "primary_terms", "mappings._doc.properties"];
    const { metadata } = await client.request<State>(
      {
        method: "GET",
        path: `/_cluster/state/metadata/${indices.join(",")}`,
        query: {
          ignore_unavailable: true,
          filter_path: fields.map((field) => `metadata.indices.*.${field}`).join(","),
        },
      },
      { doing },
    );
    for (const [index, { settings: set, primary_terms, mappings = {} }] of Object.entries(
      metadata?.indices ?? {},
    )) {
      if (!isDatedMapping(mappings._doc ?? {})) throw isForeign(index);
      identities.set(index, { uuid: set?.index?.uuid ?? "", terms: JSON.stringify(primary_terms) });
    }
    return identities;
  };

  return {
    ensure: async (indices, now) => {
      if (now !== generation) known.clear();
      generation = now;
      await Promise.all(
        Array.from(new Set(indices), (index) => {
          const making = known.get(index) ?? make(index);
          known.set(index, making);
          making.catch(() => known.delete(index));
          return making;
        }),
      );
    },

    forget: () => known.clear(),

    changed: async (indices, first) => {
      const names = [...new Set(indices)];
      const failures = client.failures();
      const isBelieved = (index: string): boolean => {
        if (first.has(index)) return false;
        const last = seen.get(index);
        return last?.failures === failures && performance.now() - last.at < believedMillis;
      };
      if (names.every(isBelieved)) return nothing;
      const at = performance.now();
      const identities = await look(names);
      if (seen.size > maxKnown) seen.clear();
      const renewed: string[] = [];
      const restarted: string[] = [];
      for (const index of names) {
        const before = seen.get(index);
        const now = identities.get(index) ?? gone;
        seen.set(index, { ...now, at, failures });
        if (before === undefined) continue;
        if (before.uuid !== now.uuid) {
          known.delete(index);
          renewed.push(index);
        } else if (before.terms !== now.terms) {
          restarted.push(index);
        }
      }
      return { renewed, restarted };
    },
  };
}
