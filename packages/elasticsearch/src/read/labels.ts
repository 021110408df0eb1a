import type { Client } from "../connection/client.js";
import type { Naming } from "../schema/naming.js";
import { pages, searchQuery } from "../terms/paging.js";
import type { NameSource } from "./name-documents.js";

/** Lists the labels of names, each once. */
export interface Labels {
  /**
   * All labels of names with this mark.
   * @param labelOf the label of a stored source, for labels that are too long for the index.
   */
  readonly of: <T extends NameSource>(
    mark: string,
    labelOf: (source: T) => string,
    signal?: AbortSignal,
  ) => Promise<ReadonlySet<string>>;
}

/** Up to so many labels come in one aggregation, whose counts show that it is complete. */
const labelsAtOnce = 10_000;
const labelsPerPage = 5_000;
const longPerPage = 100;
const doing = "cannot read names";

interface LabelAnswer {
  readonly hits?: { readonly total?: { readonly value: number } };
  readonly aggregations?: {
    readonly labels?: {
      readonly sum_other_doc_count?: number;
      readonly after_key?: object;
      readonly buckets: readonly {
        readonly key: string | { readonly label: string };
        readonly doc_count: number;
      }[];
    };
  };
}

export function createLabels(client: Client, naming: Naming): Labels {
  const ask = (body: object, signal: AbortSignal | undefined): Promise<LabelAnswer> =>
    client.request<LabelAnswer>(
      {
        method: "POST",
        path: `/${naming.pattern}/_search`,
        query: { ...searchQuery, filter_path: "hits.total,aggregations" },
        body,
      },
      { signal, doing },
    );

  return {
    of: async <T extends NameSource>(
      mark: string,
      labelOf: (source: T) => string,
      signal?: AbortSignal,
    ): Promise<ReadonlySet<string>> => {
      const labels = new Set<string>();
      let labelled = 0;
      const add = ({ aggregations }: LabelAnswer): void => {
        for (const { key, doc_count: count } of aggregations?.labels?.buckets ?? []) {
          labels.add(typeof key === "string" ? key : key.label);
          labelled += count;
        }
      };
      const first = await ask(labelsBody(mark), signal);
      if ((first.aggregations?.labels?.sum_other_doc_count ?? 0) === 0) {
        add(first);
      } else {
        // More labels than one aggregation gives: page by page.
        for (let after: object | undefined; ; ) {
          const page = await ask(labelPageBody(mark, after), signal);
          add(page);
          after = page.aggregations?.labels?.after_key;
          if (after === undefined) break;
        }
      }
      // A name that is too long for the index has no label.
      if ((first.hits?.total?.value ?? 0) <= labelled) return labels;
      const query = { bool: { filter: [{ term: { names: mark } }, { term: { _ignored: "label" } }] } };
      const body = { query, _source: true };
      for await (const hits of pages<T>(client, naming.pattern, body, () => longPerPage, { signal, doing })) {
        for (const { _source } of hits) if (_source !== undefined) labels.add(labelOf(_source));
      }
      return labels;
    },
  };
}

export function labelsBody(mark: string): object {
  return {
    size: 0,
    // For comparison with the counts of the labels.
    track_total_hits: true,
    query: { bool: { filter: [{ term: { names: mark } }] } },
    aggs: {
      // Reads the labels of the documents found instead of building ordinals for all labels.
      labels: { terms: { field: "label", size: labelsAtOnce, execution_hint: "map" } },
    },
  };
}

export function labelPageBody(mark: string, after: object | undefined): object {
  return {
    size: 0,
    track_total_hits: false,
    query: { bool: { filter: [{ term: { names: mark } }] } },
    aggs: {
      labels: {
        composite: {
          size: labelsPerPage,
          sources: [{ label: { terms: { field: "label" } } }],
          ...(after !== undefined && { after }),
        },
      },
    },
  };
}
