import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../../scripts/test-support/elasticsearch/elasticsearch.js";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  untilReady,
} from "../../../../scripts/test-support/processes.js";
import { ingestThroughKills } from "./kill/ingest.js";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const kills = Number(process.env.SPANSTORE_KILLS || 4);
const hour = 3_600_000_000_000n;
const firstStart = BigInt(Date.now()) * 1_000_000n - 60n * hour;

describeWithElasticsearch("kill -9 during ingest over gRPC, on Elasticsearch", (way) => {
  const prefix = freshPrefix();
  let server: Elasticsearch;
  let address = "";
  let program: RunningProgram;
  let start: () => Promise<void>;
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
    const [grpc, admin] = await freePorts(2);
    address = `127.0.0.1:${grpc}`;
    start = async () => {
      program = startProgram(
        [process.execPath, main],
        [
          "--backend=elasticsearch",
          `--elasticsearch.url=${server.url}`,
          `--elasticsearch.prefix=${prefix}`,
          `--listen=${address}`,
          `--admin=127.0.0.1:${admin}`,
        ],
      );
      await untilReady(`http://127.0.0.1:${admin}/readyz`, program);
    };
    await start();
  }, hookMillis);
  afterAll(async () => {
    await program?.stop();
    await cleanUp(way, server, [prefix]);
  }, hookMillis);

  it(`of the server: every span is there once after ${kills} kills`, {
    timeout: 60_000 + kills * 20_000,
  }, async () => {
    const killAndStart = async (): Promise<void> => {
      const { process } = program;
      const ended = once(process, "exit");
      process.kill("SIGKILL");
      await ended;
      await start();
    };
    // Found are those that were acknowledged a refresh ago.
    const refresh = async (): Promise<void> => {
      const refreshed = await fetch(`${server.url}/${prefix}*/_refresh`, { method: "POST" });
      expect(refreshed.status, await refreshed.text()).toBe(200);
    };
    await ingestThroughKills({ address, firstStart, kills, between: [5, 40], killAndStart }, refresh);
  });
});
