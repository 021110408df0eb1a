import type { WindowLength } from "@spanstore/core/engine";
import type { Settings } from "../options.js";
import type { Naming } from "./naming.js";

/** Of the layout; what a newer one wrote is not touched. */
export const schemaVersion = 1;

/** What an index or a template of ours says of itself. */
export interface Mark {
  readonly version: number;
  /** How much time a dated index of the space holds. */
  readonly window?: WindowLength | undefined;
}

/** Where it says so. */
export interface Marked {
  readonly _meta?: { readonly spanstore?: Mark };
}

function marked(mark: Omit<Mark, "version"> = {}): Marked {
  return { _meta: { spanstore: { version: schemaVersion, ...mark } } };
}

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

function copies(replicas: number | undefined): object {
  return replicas === undefined ? { auto_expand_replicas: "0-1" } : { number_of_replicas: replicas };
}

/** The settings of every dated index. */
function indexSettings({ shards, replicas, codec, refreshIntervalMillis }: Settings): object {
  return {
    index: {
      number_of_shards: shards,
      ...copies(replicas),
      // Said, since an index without it stops refreshing while nobody searches.
      refresh_interval: `${refreshIntervalMillis}ms`,
      codec,
      sort: { field: "newest", order: "desc" },
    },
  };
}

/** A dated index. It is made before it is written to, and Elasticsearch makes the same one by the template. */
export function datedIndex(settings: Settings): object {
  return { settings: indexSettings(settings), mappings: { ...marked(), ...mappings } };
}

/** The template of dated indices, which says the window's length again. */
export function datedTemplate(naming: Naming, window: WindowLength, settings: Settings): object {
  return templateOf(naming.pattern, datedIndex(settings), window);
}

/** The index of what servers have to know of each other. */
export function controlIndex(window: WindowLength, { replicas }: Settings): object {
  return {
    settings: { index: { number_of_shards: 1, ...copies(replicas) } },
    mappings: { ...marked({ window }), dynamic: false },
  };
}

/** By which Elasticsearch makes that index again when a write finds it gone. */
export function controlTemplate(naming: Naming, window: WindowLength, settings: Settings): object {
  return templateOf(naming.control, controlIndex(window, settings), window);
}

function templateOf(pattern: string, made: object, window: WindowLength): object {
  return { index_patterns: [pattern], priority: 500, template: made, ...marked({ window }) };
}

/** Of a dated index, as far as searches rely on it. */
export interface DatedMapping {
  readonly properties?: Readonly<Record<string, { readonly type?: string; readonly analyzer?: string }>>;
}

/** Whether an index can be searched as one of ours; one that was made without the template can not. */
export function isDatedMapping({ properties = {} }: DatedMapping): boolean {
  const names = ["newest", "oldest", "trace_id", "terms", "names", "label"] as const;
  return (
    names.every((name) => properties[name]?.type === mappings.properties[name].type) &&
    properties.terms?.analyzer === mappings.properties.terms.analyzer
  );
}
