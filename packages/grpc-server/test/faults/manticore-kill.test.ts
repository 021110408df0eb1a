import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { freshPrefix, type Searchd, startSearchd } from "../../../manticore/test/searchd.js";
import { type ServerOnManticore, serverOnManticore } from "../manticore/server.js";
import { askMysql } from "../manticore/sql.js";
import { ingestThroughKills, type KilledIngest } from "./kill/ingest.js";

const kills = Number(process.env.SPANSTORE_KILLS ?? 2);
const timeout = 60_000 + kills * 20_000;
const firstStart = 1_800_000_000_000_000_000n;

describeWithPeer("manticore", "kill -9 during ingest over gRPC", (located) => {
  const prefix = freshPrefix();
  let place = 0;
  let spans = "";
  let searchd: Searchd;
  let server: ServerOnManticore;

  beforeAll(async () => {
    searchd = await startSearchd(located);
  });
  afterAll(() => searchd?.close());
  beforeEach(async () => {
    place += 1;
    spans = `${prefix}${place}_spans`;
    server = await serverOnManticore(searchd.url, [`--manticore.prefix=${prefix}${place}_`]);
    await server.start();
  });
  afterEach(() => server?.stop());

  const killServer = async () => {
    const { process } = server.program();
    const ended = once(process, "exit");
    process.kill("SIGKILL");
    await ended;
  };
  const killSearchd = async () => {
    const process = searchd.program()?.process;
    if (process === undefined) throw new Error("this searchd is not the test's to kill");
    const ended = once(process, "exit");
    process.kill("SIGKILL");
    await ended;
  };

  it(`of the server: every span is there once after ${kills} kills`, { timeout }, async () => {
    await ingest(async () => {
      await killServer();
      await server.start();
    });
  });

  it(`of searchd: every span is there once after ${kills} kills`, { timeout }, async (context) => {
    if (searchd.program() === undefined) return context.skip();
    await ingest(async (kill, refusal) => {
      await killSearchd();
      // Soon enough for the server to come through, and every other time not.
      if (kill % 2 === 0) await refusal();
      await searchd.start();
    });
  });

  it(`of both: every span is there once after ${kills} kills`, { timeout }, async (context) => {
    if (searchd.program() === undefined) return context.skip();
    await ingest(async () => {
      await Promise.all([killServer(), killSearchd()]);
      await searchd.start();
      await server.start();
    });
  });

  /** Looks by SQL, too. */
  async function ingest(killAndStart: KilledIngest["killAndStart"]): Promise<void> {
    const { address } = server;
    const wanted = await ingestThroughKills({ address, firstStart, kills, between: [10, 100], killAndStart });
    const rows = await askMysql(
      searchd.url,
      `SELECT span_id FROM ${spans} LIMIT 10000000 OPTION max_matches=10000000`,
    );
    expect(rows.map((row) => row.span_id).sort()).toEqual(wanted);
  }
});
