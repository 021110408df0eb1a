import type { Client } from "../connection/client.js";
import type { Query } from "../terms/lower.js";
import { searchQuery } from "../terms/paging.js";
import type { IndexChoice } from "./options.js";

/** An index, with the starts of its oldest and newest span in microseconds; null when no span has a start. */
export interface IndexExtent {
  readonly index: string;
  readonly oldest: number | null;
  readonly newest: number | null;
}

interface Answer {
  readonly aggregations?: {
    readonly indices?: {
      readonly buckets?: readonly {
        readonly key: string;
        readonly oldest: { readonly value: number | null };
        readonly newest: { readonly value: number | null };
      }[];
    };
  };
}

const maxIndices = 10_000;

/** The indices that have documents of a query. */
export async function extentsOf(
  client: Client,
  { pattern, isMeant }: IndexChoice,
  query: Query,
  signal: AbortSignal | undefined,
): Promise<readonly IndexExtent[]> {
  const answer = await client.request<Answer>(
    {
      method: "POST",
      path: `/${pattern}/_search`,
      query: { ...searchQuery, ignore_unavailable: true, allow_no_indices: true },
      body: {
        size: 0,
        query,
        aggs: {
          indices: {
            terms: { field: "_index", size: maxIndices },
            aggs: { oldest: { min: { field: "startTime" } }, newest: { max: { field: "startTime" } } },
          },
        },
      },
    },
    { signal, doing: "cannot list Jaeger's indices" },
  );
  return (answer.aggregations?.indices?.buckets ?? [])
    .filter(({ key }) => isMeant(key))
    .map(({ key, oldest, newest }) => ({ index: key, oldest: oldest.value, newest: newest.value }));
}

/** Groups indices whose spans overlap in time; the newest group comes first. */
export function groupsByTime(extents: readonly IndexExtent[]): readonly (readonly string[])[] {
  const groups: { indices: string[]; oldest: number }[] = [];
  const known = extents.flatMap(({ index, oldest, newest }) =>
    oldest === null || newest === null ? [] : [{ index, oldest, newest }],
  );
  for (const { index, oldest, newest } of known.sort((a, b) => b.newest - a.newest)) {
    const last = groups.at(-1);
    if (last !== undefined && newest >= last.oldest) {
      last.indices.push(index);
      last.oldest = Math.min(last.oldest, oldest);
    } else {
      groups.push({ indices: [index], oldest });
    }
  }
  return groups.map(({ indices }) => indices);
}
