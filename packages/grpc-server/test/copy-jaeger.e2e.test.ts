import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMemoryStore, type SpanStore, tracesFromJson } from "@spanstore/core";
import { openJaegerIndices } from "@spanstore/elasticsearch";
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
import { until } from "../../../scripts/test-support/processes.js";
import { copySpans } from "../src/copy/copy-spans.js";
import { jaegerSource } from "../src/copy/jaeger/source.js";
import { totalsOf } from "../src/copy/report.js";
import { allTimes } from "../src/copy/source.js";
import { stateInMemory } from "../src/copy/state-file.js";
import { storeSource } from "../src/copy/store-source.js";
import { startServer } from "../src/index.js";
import { everyKind, everyKindIds } from "./copy/every-kind.js";
import { type Jaeger, startJaeger } from "./copy/jaeger-programs.js";
import { minutesAgo, thriftId, thriftSpan, zipkinSpans } from "./jaeger2/inputs.js";
import { sendOtlpGrpc, sendThrift, sendZipkin } from "./jaeger2/senders.js";

const zipkinId = "00000000000000000000c3c3c3c3c3c3";
const traceIds = [...everyKindIds, zipkinId, thriftId];
const spansSent = 9;

/** The spans of a trace as Jaeger's query service gives them, in an order of their own. */
async function traceOf(query: number, traceId: string): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${query}/api/v3/traces/${traceId}`);
  if (!answer.ok) return undefined;
  const { resourceSpans } = tracesFromJson(((await answer.json()) as { result: unknown }).result);
  const byKey = <T extends { readonly key: string }>(list: readonly T[] = []) =>
    [...list].sort((a, b) => (a.key < b.key ? -1 : 1));
  return resourceSpans
    .flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ scope, spans }) =>
        spans.map((span) => ({
          resource: byKey(resource?.attributes),
          scope,
          ...span,
          attributes: byKey(span.attributes),
        })),
      ),
    )
    .sort((a, b) => (a.spanId < b.spanId ? -1 : 1));
}

/** Copies Jaeger's indices, in small pages and windows. */
async function copyFrom({ url }: Elasticsearch, options: object, target: SpanStore) {
  const indices = openJaegerIndices({ url, pageSize: 4, ...options });
  const unusable: string[] = [];
  const state = stateInMemory({ began: "", range: allTimes });
  await copySpans({
    source: jaegerSource(indices, "@"),
    target: { store: target, source: storeSource(target), isPatient: false },
    state,
    windowSize: 3,
    writes: true,
    verifies: true,
    retry: { millis: 0, signal: new AbortController().signal, failed: () => {} },
    on: {
      read: () => {},
      windowDone: () => {},
      unusable: ({ reason }) => unusable.push(reason),
      unplaced: ({ reason }) => unusable.push(reason),
    },
  });
  await indices.close();
  return { ...totalsOf(state.windows), unusable };
}

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
    const copy = (options: object, target: SpanStore) => copyFrom(server, options, target);

    /** Sends spans of every kind, and waits until Jaeger finds them. */
    const fill = async (own: Jaeger): Promise<readonly unknown[]> => {
      await sendOtlpGrpc(own.otlp, everyKind);
      await sendZipkin(own.zipkin, zipkinSpans("0000c3c3c3c3c3c3", minutesAgo(2)));
      await sendThrift(own.thrift, "billing", [thriftSpan(minutesAgo(1))]);
      return until(
        async () => {
          const traces = await Promise.all(traceIds.map((id) => traceOf(own.query, id)));
          const spans = traces.flatMap((trace) => (trace as unknown[] | undefined) ?? []);
          return spans.length === spansSent ? traces : undefined;
        },
        { what: "what was sent", timeoutMs: 60_000, output: own.program.output },
      );
    };
    /** What Jaeger gives out of a store of ours. */
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

    it.each([
      ["with tags in lists", {}],
      ["with tags as fields", { tags_as_fields: { all: true } }],
    ])("%s: the copy is what Jaeger gives out of its own indices", { timeout: 90_000 }, async (_, more) => {
      const prefix = freshPrefix();
      prefixes.push(prefix);
      const indices = { index_prefix: prefix };
      const own = await start({ elasticsearch: { server_urls: [server.url], version: 9, indices, ...more } });
      const found = await fill(own);
      const store = openMemoryStore();
      expect(await copy({ prefix }, store)).toMatchObject({
        spans: spansSent,
        missing: 0,
        changed: 0,
        extra: 0,
        unusable: [],
      });
      expect(await tracesOfJaegerOn(store)).toEqual(found);
    });

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

    it("documents of which no span can be made are told, and the others copied", async () => {
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
        "references[0].refType is neither CHILD_OF nor FOLLOWS_FROM",
        "spanID is no id of at most 16 hexadecimal digits",
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
