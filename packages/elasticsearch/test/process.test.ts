import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";

const built = new URL("../dist/index.js", import.meta.url);
const span = `{ traceId: "1".padStart(32, "0"), spanId: "1".padStart(16, "0"), name: "op",
  startTimeUnixNano: now, endTimeUnixNano: now }`;
/** Only the store keeps this program alive. */
const script = `
  import { openElasticsearchStore } from "${built.href}";
  const now = BigInt(Date.now()) * 1_000_000n;
  const [, url, prefix] = process.argv;
  const store = await openElasticsearchStore({ url, prefix, refresh: "wait" });
  await store.write({ resourceSpans: [{ scopeSpans: [{ spans: [${span}] }] }] });
  await store.deleteBefore(now);
  await store.purge();
  console.log("purged");
  await store.close();
`;

describeWithElasticsearch("a program with a store", (way) => {
  let server: Elasticsearch;
  const prefix = freshPrefix();
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
  }, hookMillis);
  afterAll(() => cleanUp(way, server, [prefix]), hookMillis);

  it("ends when its store is closed, and not while it waits for the store", async () => {
    const args = ["--input-type=module", "--eval", script, server.url, prefix];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: fileURLToPath(new URL(".", built)),
    });
    expect(stdout).toBe("purged\n");
  });
});
