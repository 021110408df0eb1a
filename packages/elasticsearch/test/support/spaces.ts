import {
  type Elasticsearch,
  freshPrefix,
  removeSpaces,
} from "../../../../scripts/test-support/elasticsearch/elasticsearch.js";

/**
 * Prefixes with nothing in them, for tests that want hundreds. Those of a test that is over are emptied and given to
 * the next, since a new index costs a cluster far more than the documents of a test do.
 */
export interface Spaces {
  /** The prefix of a place, the same for the same one while its test runs. Places of a test begin alike: `p1`, `p1b`. */
  readonly prefixOf: (place: string) => Promise<string>;
  /** Removes all of them. */
  readonly remove: () => Promise<void>;
}

/** An index more costs each search something; a space that has grown beyond this is given up. */
const mostIndices = 8;

export function createSpaces(server: () => Elasticsearch): Spaces {
  const free: string[] = [];
  const made: string[] = [];
  let test = "";
  let used = new Map<string, string>();

  const ask = async (method: string, path: string, body?: string): Promise<string> => {
    const answer = await fetch(`${server().url}${path}`, {
      method,
      ...(body !== undefined && { body, headers: { "content-type": "application/x-ndjson" } }),
    });
    return answer.text();
  };

  /** Whether it is empty now and may be used again. */
  const empty = async (prefix: string): Promise<boolean> => {
    const listed = (await ask("GET", `/_cat/indices/${prefix}*?h=index&expand_wildcards=all`)).split("\n");
    const names = listed.filter((name) => name.startsWith(prefix));
    if (names.length > mostIndices || names.some((name) => name.startsWith(`${prefix}tenant-`))) {
      await removeSpaces(server(), prefix);
      return true;
    }
    const found = await ask(
      "GET",
      `/${prefix}*/_search?size=10000&_source=false&filter_path=hits.hits._index,hits.hits._id`,
    );
    const { hits } = JSON.parse(found) as { hits?: { hits: { _index: string; _id: string }[] } };
    if ((hits?.hits.length ?? 0) >= 10_000) {
      await removeSpaces(server(), prefix);
      return true;
    }
    const lines = (hits?.hits ?? []).map(
      ({ _index, _id }) => `${JSON.stringify({ delete: { _index, _id } })}\n`,
    );
    if (lines.length === 0) return true;
    const told = await ask("POST", "/_bulk?refresh=true&filter_path=errors", lines.join(""));
    return told.includes('"errors":false');
  };

  return {
    prefixOf: async (place) => {
      const own = /^p\d+/.exec(place)?.[0] ?? place;
      if (own !== test) {
        for (const prefix of used.values()) {
          // Documents that were not refreshed would be missed.
          await ask("POST", `/${prefix}*/_refresh`);
          if (await empty(prefix)) free.push(prefix);
        }
        used = new Map();
        test = own;
      }
      let prefix = used.get(place);
      if (prefix === undefined) {
        prefix = free.pop();
        if (prefix === undefined) {
          prefix = freshPrefix();
          made.push(prefix);
        }
        used.set(place, prefix);
      }
      return prefix;
    },
    remove: async () => {
      for (const prefix of made) await removeSpaces(server(), prefix);
    },
  };
}
