import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMemoryStore, type SpanStore, span } from "@spanstore/core";
import { startServer } from "@spanstore/grpc-server";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  removeSpaces,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { describeWithPeer } from "../../../scripts/test-support/peers.js";
import { copyJaegerIndices, fill, spansSent, traceIds, traceOf } from "./copy/jaeger-copies.js";
import { startJaeger } from "./copy/jaeger-programs.js";

describeWithElasticsearch("Copying what Jaeger keeps in Elasticsearch", (way) => {
  describeWithPeer("jaeger", "by Jaeger 2", (peer) => {
    let server: Elasticsearch;
    let folder = "";
    const prefixes: string[] = [];
    const closing: (() => Promise<unknown>)[] = [];
    beforeAll(async () => {
      server = await sharedElasticsearch(way);
      folder = mkdtempSync(join(tmpdir(), "spanstore-copy-jaeger-"));
    }, hookMillis);
    afterAll(async () => {
      for (const close of closing.reverse()) await close();
      for (const prefix of prefixes) await removeSpaces(server, prefix);
      rmSync(folder, { recursive: true, force: true });
    });

    const start = async (backend: object) => {
      if (!("command" in peer)) throw new Error("Jaeger is started by the test: name a program, no address");
      const jaeger = await startJaeger(peer.command, folder, backend);
      closing.push(() => jaeger.program.stop());
      return jaeger;
    };
    const copy = (options: object, target: SpanStore, dotReplacement?: string) =>
      copyJaegerIndices(server.url, options, target, dotReplacement);

    /** The spans that Jaeger reads from a store of ours. */
    const tracesOfJaegerOn = async (store: SpanStore): Promise<readonly unknown[]> => {
      const spanstore = await startServer({ store, listen: "127.0.0.1:0" });
      closing.push(() => spanstore.close());
      const jaeger = await start({ grpc: { endpoint: spanstore.address, tls: { insecure: true } } });
      return Promise.all(traceIds.map((id) => traceOf(jaeger.query, id)));
    };
    const ask = async (method: string, path: string, body: unknown): Promise<void> => {
      const answer = await fetch(`${server.url}/${path}`, {
        method,
        headers: { "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      expect(answer.status, await answer.text()).toBeLessThan(300);
    };

    const fieldNames = "http.method,process.pid,ratio,yes,beyond.a.double,host.name";
    it.each([
      ["with tags in lists", "@", {}, {}],
      ["with tags as fields", "@", { tags_as_fields: { all: true } }, {}],
      [
        "with some tags as fields, dots as #, by the hour",
        "#",
        { tags_as_fields: { include: fieldNames, dot_replacement: "#" } },
        { spans: { rotation: { periodic: { date_layout: "2006-01-02-15", rollover_frequency: "hour" } } } },
      ],
    ])(
      "%s: the copy is what Jaeger gives out of its own indices",
      {
        timeout: 90_000,
      },
      async (_, dot, more, rotations) => {
        const prefix = freshPrefix();
        prefixes.push(prefix);
        const indices = { index_prefix: prefix, ...rotations };
        const own = await start({
          elasticsearch: { server_urls: [server.url], version: 9, indices, ...more },
        });
        const found = await fill(own);
        const store = openMemoryStore();
        expect(await copy({ prefix }, store, dot)).toMatchObject({
          spans: spansSent,
          missing: 0,
          changed: 0,
          extra: 0,
          unusable: [],
        });
        expect(await tracesOfJaegerOn(store)).toEqual(found);
      },
    );

    it("behind the aliases of a rollover, and without the archive beside it", {
      timeout: 90_000,
    }, async () => {
      const prefix = freshPrefix();
      prefixes.push(prefix);
      const keyword = { type: "keyword" };
      const mappings = {
        properties: { traceID: keyword, spanID: keyword, startTimeMillis: { type: "date" } },
      };
      for (const kind of ["span", "service"]) {
        const name = `${prefix}jaeger-${kind}`;
        const aliases = { [`${name}-read`]: {}, [`${name}-write`]: {} };
        await ask("PUT", `${name}-000001`, { aliases, ...(kind === "span" && { mappings }) });
      }
      const archived = {
        traceID: "aa",
        spanID: "1",
        operationName: "archived",
        startTime: 1_800_000_000_000_001,
      };
      await ask("PUT", `${prefix}jaeger-span-archive/_doc/1?refresh=true`, archived);
      const rolledOver = (kind: string) => {
        const name = `${prefix}jaeger-${kind}`;
        return {
          rotation: { manual_rollover: { read_alias: `${name}-read`, write_alias: `${name}-write` } },
        };
      };
      const own = await start({
        elasticsearch: {
          server_urls: [server.url],
          version: 9,
          indices: { index_prefix: prefix, spans: rolledOver("span"), services: rolledOver("service") },
          create_mappings: false,
        },
      });
      await fill(own);
      const [all, byAlias, archive] = [openMemoryStore(), openMemoryStore(), openMemoryStore()];
      expect(await copy({ prefix }, all)).toMatchObject({ spans: spansSent, unusable: [] });
      const index = `${prefix}jaeger-span-read`;
      expect(await copy({ index }, byAlias)).toMatchObject({ spans: spansSent, unusable: [] });
      expect(await copy({ prefix, archive: true }, archive)).toMatchObject({ spans: 1, unusable: [] });
      expect(await archive.getServices()).toEqual([]);
    });

    // Jaeger documents a data stream and its name, and has no release that writes to one yet.
    it("under the name of a data stream", async () => {
      const prefix = freshPrefix();
      const start = `${prefix.slice(0, -1)}.`;
      prefixes.push(start);
      const document = {
        traceID: "aa",
        spanID: "1",
        operationName: "streamed",
        startTime: 1_800_000_000_000_001,
        "@timestamp": "2027-01-15T08:00:00.000001Z",
      };
      await ask("PUT", `${start}jaeger.spans/_create/1?refresh=true`, document);
      const store = openMemoryStore();
      expect(await copy({ prefix }, store)).toMatchObject({ spans: 1, missing: 0, unusable: [] });
      const { traces } = await store.findTraceIds({ filter: span.name.eq("streamed") });
      expect(traces.map(({ traceId }) => traceId)).toEqual(["aa".padStart(32, "0")]);
    });

    it("reports documents of which no span can be made, and copies the others", async () => {
      const prefix = freshPrefix();
      prefixes.push(prefix);
      const index = `${prefix}jaeger-span-2027-01-15`;
      const document = { traceID: "aa", spanID: "1", startTime: 1_800_000_000_000_001 };
      const documents = [
        document,
        { ...document, traceID: "0aA", flags: 1 },
        { ...document, spanID: "no hex" },
        { ...document, references: [{ refType: "SIBLING_OF", traceID: "aa", spanID: "2" }] },
        { ...document, tags: [{ key: "n", type: "int64", value: "many" }] },
        { traceID: "aa", spanID: "3" },
        { ...document, startTime: -1 },
      ];
      const lines = documents.flatMap((each) => [{ create: {} }, each]);
      await ask(
        "POST",
        `${index}/_bulk?refresh=true`,
        `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`,
      );
      const store = openMemoryStore();
      const result = await copy({ prefix }, store);
      expect(result).toMatchObject({ spans: 3, missing: 0, extra: 0 });
      expect(result.unusable.sort()).toEqual([
        'references[0].refType: "SIBLING_OF" instead of CHILD_OF or FOLLOWS_FROM',
        'spanID: "no hex" instead of 1 to 16 hex digits',
        "startTime is no time between 1970 and 2255",
        "startTime is no time between 1970 and 2255",
      ]);
      const { traces } = await store.findTraceIds({ attributes: { n: '"many"' } });
      expect(traces.map(({ traceId }) => traceId)).toEqual([]);
      const kept = await store.findTraceIds({ attributes: { n: "many" } });
      expect(kept.traces.map(({ traceId }) => traceId)).toEqual(["aa".padStart(32, "0")]);
    });
  });
});
