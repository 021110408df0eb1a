import { SpanStoreError } from "@spanstore/core";
import { checkWindowLength, type WindowLength } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Settings } from "../options.js";
import type { Naming } from "./naming.js";

/** Of the layout; what a newer one wrote is not touched. */
const schemaVersion = 1;

/**
 * A document is a fragment (the spans of one trace in one request), or an operation that spans of the index name.
 *
 * Of a fragment, `encoded` is the truth: its OTLP bytes, packed, in the stored source and nowhere else. All
 * others exist to find it, and are not stored.
 */
const mappings = {
  dynamic: false,
  _source: { includes: ["encoded", "sequence", "service", "of", "name", "kind", "dictionary"] },
  properties: {
    // Of the newest span, in microseconds: the order of every search, and what the index is sorted by.
    newest: { type: "long" },
    // Of the oldest span: a fragment of a time range is newer than its begin and older than its end.
    oldest: { type: "long" },
    // Of its write: what came since calls between services were counted. Many writes have one number.
    sequence: { type: "long", doc_values: false },
    // 32 hex characters.
    trace_id: { type: "keyword", doc_values: false },
    // What is true of its spans, as hashes: services, names, attributes of all five levels, ranges of numbers.
    terms: { type: "text", analyzer: "whitespace", index_options: "docs", norms: false },
    encoded: { type: "binary" },
    // Of a service's document, "services"; of an operation's, a hash of its service.
    names: { type: "keyword", doc_values: false },
    // What is listed of it: a service, or kind and name of an operation. Lucene takes no longer ones; those are read
    // from the source.
    label: { type: "keyword", index: false, ignore_above: 8191 },
  },
} as const;

/** The settings of every dated index. */
function indexSettings({ shards, replicas, codec, refreshIntervalMillis }: Settings): object {
  return {
    index: {
      number_of_shards: shards,
      ...(replicas === undefined ? { auto_expand_replicas: "0-1" } : { number_of_replicas: replicas }),
      // Said, since an index without it stops refreshing while nobody searches.
      refresh_interval: `${refreshIntervalMillis}ms`,
      codec,
      sort: { field: "newest", order: "desc" },
    },
  };
}

function dated(settings: Settings): object {
  return { settings: indexSettings(settings), mappings };
}

export function template(naming: Naming, settings: Settings): object {
  return {
    index_patterns: [naming.pattern],
    priority: 500,
    template: dated(settings),
    _meta: { spanstore: { version: schemaVersion } },
  };
}

function controlIndex(window: WindowLength, { replicas }: Settings): object {
  return {
    settings: {
      index: {
        number_of_shards: 1,
        ...(replicas === undefined ? { auto_expand_replicas: "0-1" } : { number_of_replicas: replicas }),
      },
    },
    mappings: { dynamic: false, _meta: { spanstore: { version: schemaVersion, window } } },
  };
}

interface Mapped {
  readonly mappings: {
    readonly _meta?: { readonly spanstore?: { readonly version?: number; readonly window?: string } };
  };
}

/**
 * Makes what is missing of a space.
 * @returns the window length that it was made with.
 * @throws INCOMPATIBLE_SCHEMA when a newer version, or another program, made it.
 */
export async function prepareSpace(
  client: Client,
  control: string,
  settings: Settings,
): Promise<WindowLength> {
  const known = await existingWindow(client, control);
  if (known !== undefined) return known;
  try {
    await client.request(
      { method: "PUT", path: `/${control}`, body: controlIndex(settings.window, settings) },
      { doing: "cannot open the store", expects: ["exists"] },
    );
    return settings.window;
  } catch (error) {
    if (failureOf(error) !== "exists") throw error;
    // Another server was first.
    return (await existingWindow(client, control)) ?? settings.window;
  }
}

/** The window length of a space; undefined when there is none yet. */
export async function existingWindow(client: Client, control: string): Promise<WindowLength | undefined> {
  let found: Readonly<Record<string, Mapped>>;
  try {
    found = await client.request(
      { method: "GET", path: `/${control}/_mapping` },
      { doing: "cannot open the store", expects: ["no index"] },
    );
  } catch (error) {
    if (failureOf(error) === "no index") return undefined;
    throw error;
  }
  const { version, window } = found[control]?.mappings._meta?.spanstore ?? {};
  if (version === undefined || window === undefined) {
    throw new SpanStoreError("INCOMPATIBLE_SCHEMA", `the index ${control} is another program's`, {
      field: "prefix",
      hint: "choose another prefix",
    });
  }
  if (version > schemaVersion) {
    throw new SpanStoreError("INCOMPATIBLE_SCHEMA", `the indices were made by a newer version (${version})`, {
      hint: "use that version, or another prefix",
    });
  }
  checkWindowLength(window);
  return window;
}

/** Puts the template of dated indices, which those made from now on follow. */
export async function putTemplate(client: Client, naming: Naming, settings: Settings): Promise<void> {
  await client.request(
    { method: "PUT", path: `/_index_template/${naming.template}`, body: template(naming, settings) },
    { doing: "cannot open the store" },
  );
}

/** How long a new index's shards are waited for; the write that follows tells when they are still not there. */
const shardTimeout = "5s";

/** Dated indices that are about to be written to. */
export interface DatedIndices {
  /** Makes those that are not known to be there. */
  readonly ensure: (indices: Iterable<string>, generation: number) => Promise<void>;
  /** They may be gone. */
  readonly forget: () => void;
}

/**
 * Indices are made before they are written to rather than by the write, which not every cluster lets make them, and which
 * would make one that finds nothing where another's template comes before the store's own or the store's was removed.
 */
export function createDatedIndices(client: Client, settings: Settings): DatedIndices {
  const known = new Map<string, Promise<void>>();
  let generation = -1;

  const make = async (index: string): Promise<void> => {
    try {
      await client.request(
        { method: "PUT", path: `/${index}`, query: { timeout: shardTimeout }, body: dated(settings) },
        { doing: "cannot write", expects: ["exists"] },
      );
    } catch (error) {
      if (failureOf(error) !== "exists") throw error;
    }
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
  };
}
