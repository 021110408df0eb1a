import { openMemoryStore } from "@spanstore/core";
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
import { startJaeger1 } from "./copy/jaeger-programs.js";

describeWithElasticsearch("Copying what Jaeger 1 keeps in Elasticsearch", (way) => {
  describeWithPeer("jaeger-1.76-all-in-one", "by 1.76", (peer) => {
    let server: Elasticsearch;
    const prefixes: string[] = [];
    const closing: (() => Promise<unknown>)[] = [];
    beforeAll(async () => {
      server = await sharedElasticsearch(way);
    }, hookMillis);
    afterAll(async () => {
      for (const close of closing.reverse()) await close();
      for (const prefix of prefixes) await removeSpaces(server, prefix);
    });

    const start = async (storageType: string, flags: readonly string[]) => {
      if (!("command" in peer)) throw new Error("Jaeger is started by the test: name a program, no address");
      const jaeger = await startJaeger1(peer.command, storageType, flags);
      closing.push(() => jaeger.program.stop());
      return jaeger;
    };

    it.each([
      ["with tags in lists, by the day", "@", []],
      ["with tags as fields", "@", ["--es.tags-as-fields.all"]],
      [
        "with some tags as fields, dots as #, by the hour",
        "#",
        [
          "--es.tags-as-fields.include=http.method,process.pid,ratio,yes,beyond.a.double,host.name",
          "--es.tags-as-fields.dot-replacement=#",
          "--es.index-rollover-frequency-spans=hour",
        ],
      ],
    ])(
      "%s: the copy is what Jaeger gives out of its own indices",
      { timeout: 90_000 },
      async (_, dot, flags) => {
        const prefix = freshPrefix();
        prefixes.push(prefix);
        const own = await start("elasticsearch", [
          `--es.server-urls=${server.url}`,
          "--es.version=8",
          // It asks for the root, which not every distribution answers.
          "--es.disable-health-check",
          `--es.index-prefix=${prefix}`,
          ...flags,
        ]);
        const found = await fill(own);
        const store = openMemoryStore();
        expect(await copyJaegerIndices(server.url, { prefix }, store, dot)).toMatchObject({
          spans: spansSent,
          missing: 0,
          changed: 0,
          extra: 0,
          unusable: [],
        });
        const spanstore = await startServer({ store, listen: "127.0.0.1:0" });
        closing.push(() => spanstore.close());
        const onCopy = await start("grpc", [`--grpc-storage.server=${spanstore.address}`]);
        const copied = await Promise.all(traceIds.map((id) => traceOf(onCopy.query, id)));
        expect(copied).toEqual(found);
      },
    );
  });
});
