import {
  type Elasticsearch,
  freshPrefix,
  removeSpaces,
} from "../../../../scripts/test-support/elasticsearch/elasticsearch.js";

/**
 * Empty prefixes for hundreds of tests. A new index costs a cluster far more than the documents of a test, so the prefixes of
 * a finished test are emptied for the next one.
 */
export interface Spaces {
  /** The prefix of a place, the same as long as its test runs. The places of a test begin alike: `p1`, `p1b`. */
  readonly prefixOf: (place: string) => Promise<string>;
  /** Removes all prefixes. */
  readonly remove: () => Promise<void>;
}

/** @param usual the window of the spans of nearly every test, whose index stays. */
export function createSpaces(server: () => Elasticsearch, usual: string): Spaces {
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

  /**
   * Empties a prefix, and keeps the two indices that nearly every test uses. Any other would slow down each search of later
   * tests.
   */
  const empty = async (prefix: string): Promise<boolean> => {
    const kept = [`${prefix}control`, `${prefix}spans-${usual}`];
    const listed = (await ask("GET", `/_cat/indices/${prefix}*?h=index&expand_wildcards=all`)).split("\n");
    const dropped = listed.filter((name) => name.startsWith(prefix) && !kept.includes(name));
    for (let at = 0; at < dropped.length; at += 50)
      await ask("DELETE", `/${dropped.slice(at, at + 50).join(",")}`);
    const found = await ask(
      "GET",
      `/${prefix}*/_search?size=10000&_source=false&filter_path=hits.hits._index,hits.hits._id`,
    );
    const { hits } = JSON.parse(found) as { hits?: { hits: { _index: string; _id: string }[] } };
    const documents = hits?.hits ?? [];
    if (documents.length >= 10_000) {
      await removeSpaces(server(), prefix);
      return true;
    }
    if (documents.length === 0) return true;
    const lines = documents.map(({ _index, _id }) => `${JSON.stringify({ delete: { _index, _id } })}\n`);
    const told = await ask("POST", "/_bulk?refresh=true&filter_path=errors", lines.join(""));
    return told.includes('"errors":false');
  };

  return {
    prefixOf: async (place) => {
      const own = /^p\d+/.exec(place)?.[0] ?? place;
      if (own !== test) {
        for (const prefix of used.values()) {
          // The search below misses documents without a refresh.
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
