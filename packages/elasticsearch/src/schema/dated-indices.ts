import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Settings } from "../options.js";
import { isForeign } from "./foreign.js";
import { type DatedMapping, datedIndex, isDatedMapping } from "./schema.js";

/** Makes and checks the dated indices that writes go to. */
export interface DatedIndices {
  /**
   * Makes the indices that are not known to exist.
   * @throws STORE_UNAVAILABLE for an index that was made without the store's template.
   */
  readonly ensure: (indices: Iterable<string>, generation: number) => Promise<void>;
  /** Looks for every index again at its next write. */
  readonly forget: () => void;
  /**
   * Compares indices that a write has just gone to with what they were at earlier writes. A write relies on the names and
   * dictionaries of earlier ones, so it calls this before it is acknowledged.
   * @param first the indices in which the write was the first of a shard.
   */
  readonly changed: (indices: Iterable<string>, first: ReadonlySet<string>) => Promise<Changed>;
}

/** The indices that have changed. */
export interface Changed {
  /** Deleted and made again since. */
  readonly renewed: readonly string[];
  /** Recovered by a node, which may have lost the last documents. */
  readonly restarted: readonly string[];
}

/** How long making an index waits for its shards. The write that follows fails when they are still missing. */
const shardTimeout = "5s";
/** How long a look at an index is valid while every request is answered: no node restarts in less time. */
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
  /** Another index of the same name has another one; "" for an index that does not exist. */
  readonly uuid: string;
  /** The primary terms, which rise when a shard is recovered. */
  readonly terms: string;
}

/** An index at a point in time. */
interface Seen extends Identity {
  readonly at: number;
  readonly failures: number;
}

/**
 * Makes each index before the first write to it. A cluster may forbid writes to make indices, and an index that a write makes
 * from another program's template, or from none, finds no document.
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

  /** Reads the identities of indices. @throws STORE_UNAVAILABLE for an index that was made without the template. */
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
