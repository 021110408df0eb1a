import { describe, inject } from "vitest";
import { until } from "../processes.js";
import type {} from "./global-setup.js";
import { locateElasticsearch, type Way } from "./locate.js";
import { type OwnServer, startServer } from "./server.js";

/** For how long a hook that starts a server may run, with the download before the first. */
export const hookMillis = 600_000;

/** A server that test files share: that of the run, or one at a given address. */
export interface Elasticsearch {
  readonly url: string;
}

/** A suite that needs a real server. Without one it is skipped, and the reporter says so at the end of the run. */
export function describeWithElasticsearch(name: string, tests: (way: Way | undefined) => void): void {
  const way = locateElasticsearch();
  const marked = `${name} [needs elasticsearch]`;
  if (way === undefined) describe.skip(marked, () => tests(undefined));
  else describe(marked, () => tests(way));
}

/** The server of this run, which starts with the first that asks for it. */
export async function sharedElasticsearch(way: Way | undefined): Promise<Elasticsearch> {
  if (way === undefined) throw new Error("there is no Elasticsearch");
  if ("url" in way) return { url: way.url };
  const starter = inject("elasticsearchStarter");
  return until(
    async () => {
      const answer = await fetch(starter);
      const text = await answer.text();
      if (answer.status === 500) return { url: "", error: text };
      return answer.status === 200 ? { url: text, error: undefined } : undefined;
    },
    { what: "the run's Elasticsearch", timeoutMs: hookMillis },
  ).then(({ url, error }) => {
    if (error !== undefined) throw new Error(error);
    return { url };
  });
}

/** A server that may be killed and set up in its own way; undefined where tests are given an address. */
export function ownElasticsearch(
  way: Way | undefined,
  settings: readonly string[] = [],
): Promise<OwnServer | undefined> {
  return way === undefined || "url" in way ? Promise.resolve(undefined) : startServer(way, settings);
}

/** A prefix that no other test's indices have, also on a server that outlives the tests. */
export function freshPrefix(): string {
  return `t${Date.now().toString(36)}${Math.floor(Math.random() * 36 ** 4).toString(36)}-`;
}

/** Removes all that tests made under a prefix. It names them one by one, since servers refuse to delete by pattern. */
export async function removeSpaces({ url }: Elasticsearch, prefix: string): Promise<void> {
  const listed = await fetch(`${url}/_cat/indices/${prefix}*?h=index&expand_wildcards=all`);
  const names = (await listed.text()).split("\n").filter((name) => name.startsWith(prefix));
  for (let at = 0; at < names.length; at += 50) {
    const answer = await fetch(`${url}/${names.slice(at, at + 50).join(",")}`, { method: "DELETE" });
    await answer.body?.cancel();
  }
  const answer = await fetch(`${url}/_index_template/${prefix}*`, { method: "DELETE" });
  await answer.body?.cancel();
}

/** Cleans up after tests at an address that outlives them; the run's own server goes with all that is in it. */
export async function cleanUp(
  way: Way | undefined,
  server: Elasticsearch | undefined,
  prefixes: readonly string[],
): Promise<void> {
  if (server === undefined || way === undefined || !("url" in way)) return;
  for (const prefix of prefixes) await removeSpaces(server, prefix);
}
