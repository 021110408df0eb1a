import type { WindowLength } from "@spanstore/core/engine";
import type { Settings } from "../options.js";
import type { Naming } from "./naming.js";

/** The version of the layout. The store refuses a newer one. */
export const schemaVersion = 1;

/** The mark of the store in an index or a template. */
export interface Mark {
  readonly version: number;
  /** The length of time in a dated index. */
  readonly window?: WindowLength | undefined;
}

/** A mapping or a template with a mark. */
export interface Marked {
  readonly _meta?: { readonly spanstore?: Mark };
}

function marked(mark: Omit<Mark, "version"> = {}): Marked {
  return { _meta: { spanstore: { version: schemaVersion, ...mark } } };
}

/**
 * A document is a fragment (the spans of one trace in one request), a service, an operation or a dictionary.
 *
 * In a fragment, `encoded` holds the OTLP bytes, packed, in the stored source alone. All other fields exist to find the
 * fragment, and are not stored.
 */
const mappings = {
  dynamic: false,
  _source: { includes: ["encoded", "sequence", "service", "of", "name", "kind", "dictionary"] },
  properties: {
    // The start of the newest span, in microseconds: the order of every search and of the index.
    newest: { type: "long" },
    // The start of the oldest span, in microseconds: `newest` and `oldest` together select a time range.
    oldest: { type: "long" },
    // The number of the write; many writes share one. The call ledger reads what was written after a number.
    sequence: { type: "long", doc_values: false },
    // 32 hex characters.
    trace_id: { type: "keyword", doc_values: false },
    // Hashes of the facts about its spans: services, names, attributes of all five levels, ranges of numbers.
    terms: { type: "text", analyzer: "whitespace", index_options: "docs", norms: false },
    encoded: { type: "binary" },
    // "services" in a service's document; a hash of the service in an operation's.
    names: { type: "keyword", doc_values: false },
    // The listed text: a service, or kind and name of an operation. Lucene indexes no longer text, which is read from
    // the source instead.
    label: { type: "keyword", index: false, ignore_above: 8191 },
  },
} as const;

function copies(replicas: number | undefined): object {
  return replicas === undefined ? { auto_expand_replicas: "0-1" } : { number_of_replicas: replicas };
}

/** The settings of a dated index. */
function indexSettings({ shards, replicas, codec, refreshIntervalMillis }: Settings): object {
  return {
    index: {
      number_of_shards: shards,
      ...copies(replicas),
      // Explicit, since Elasticsearch stops the refreshes of an index without it while no search comes.
      refresh_interval: `${refreshIntervalMillis}ms`,
      codec,
      sort: { field: "newest", order: "desc" },
    },
  };
}

/** The body that makes a dated index, and the body of its template. */
export function datedIndex(settings: Settings): object {
  return { settings: indexSettings(settings), mappings: { ...marked(), ...mappings } };
}

/** The template of dated indices, with the length of the window. */
export function datedTemplate(naming: Naming, window: WindowLength, settings: Settings): object {
  return templateOf(naming.pattern, datedIndex(settings), window);
}

/** The body that makes the control index: the state that servers share. */
export function controlIndex(window: WindowLength, { replicas }: Settings): object {
  return {
    settings: { index: { number_of_shards: 1, ...copies(replicas) } },
    mappings: { ...marked({ window }), dynamic: false },
  };
}

/** The template from which Elasticsearch makes a lost control index for a write. */
export function controlTemplate(naming: Naming, window: WindowLength, settings: Settings): object {
  return templateOf(naming.control, controlIndex(window, settings), window);
}

function templateOf(pattern: string, made: object, window: WindowLength): object {
  return { index_patterns: [pattern], priority: 500, template: made, ...marked({ window }) };
}

/** The fields of a dated index that searches rely on. */
export interface DatedMapping {
  readonly properties?: Readonly<Record<string, { readonly type?: string; readonly analyzer?: string }>>;
}

/** Whether searches work on an index: not on one that was made without the template. */
export function isDatedMapping({ properties = {} }: DatedMapping): boolean {
  const names = ["newest", "oldest", "trace_id", "terms", "names", "label"] as const;
  return (
    names.every((name) => properties[name]?.type === mappings.properties[name].type) &&
    properties.terms?.analyzer === mappings.properties.terms.analyzer
  );
}
