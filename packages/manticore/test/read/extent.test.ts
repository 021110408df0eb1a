import type { CandidateSearch, Engine } from "@spanstore/core/engine";
import { encodeTraces } from "@spanstore/core/otlp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient } from "../../src/connection/client.js";
import { openEngine } from "../../src/engine.js";
import { diagnoseManticore } from "../../src/maintenance/diagnosis.js";
import { checkOptions } from "../../src/options.js";
import { ofShop, span } from "../one-span.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";
import { ask } from "../sql.js";

const second = 1_000_000_000n;
/** The end of the searches: spans within a minute around it are one fragment. */
const end = span.startTimeUnixNano + 30n * second;

describeWithPeer("manticore", "fragments around the end of a search", (located) => {
  let searchd: Searchd;
  let client: Client;
  beforeAll(async () => {
    searchd = await startSearchd(located);
    client = createClient(checkOptions({ url: searchd.url }));
  });
  afterAll(async () => {
    await client?.close();
    await searchd?.close();
  });

  const open = (prefix: string): Promise<Engine> =>
    openEngine({ client, settings: checkOptions({ url: searchd.url, prefix }), prefix });
  /** Writes a trace whose spans start at these seconds from `end`. */
  const write = (engine: Engine, trace: number, seconds: readonly bigint[]) =>
    engine.write(
      encodeTraces(
        ofShop(
          seconds.map((own, i) => ({
            ...span,
            traceId: trace.toString(16).padStart(32, "0"),
            spanId: (i + 1).toString(16).padStart(16, "0"),
            startTimeUnixNano: end + own * second,
            endTimeUnixNano: end + own * second + 1n,
          })),
        ),
      ),
    );
  /** The traces of the candidates of a search up to `end`. */
  const listed = async (engine: Engine): Promise<number[]> => {
    const search: CandidateSearch = {
      startTimeMinUnixNano: 0n,
      startTimeMaxUnixNano: end,
      predicate: { op: "and", args: [] },
      limit: 100,
    };
    const traces: number[] = [];
    for await (const { fragments } of engine.candidates(search)) {
      for (const { traceId } of fragments) traces.push(Number.parseInt(traceId, 16));
    }
    return traces.sort();
  };
  const columnsOf = async (table: string) =>
    (await ask(searchd.url, `DESC ${table}`)).map(({ Field }) => Field);

  it("are listed only if one of their spans starts by then", async () => {
    const engine = await open(freshPrefix());
    await write(engine, 1, [-1n, 5n]);
    await write(engine, 2, [0n, 5n]);
    await write(engine, 3, [1n, 5n]);
    await write(engine, 4, [-2n, -1n]);
    expect(await listed(engine)).toEqual([1, 2, 4]);
    await engine.close();
  });

  it.each(["reads", "writes"])(
    "in a table of an earlier version are all listed, and %s add the missing column",
    async (first) => {
      const prefix = freshPrefix();
      const table = `${prefix}fragments_20260304`;
      const before = await open(prefix);
      await write(before, 1, [-1n, 5n]);
      await write(before, 2, [1n, 5n]);
      await before.close();
      await ask(searchd.url, `ALTER TABLE ${table} DROP COLUMN oldest_start`);
      const findings = await diagnoseManticore({ url: searchd.url, prefix });
      expect(findings.filter(({ level, text }) => level !== "ok" && text.includes(table))).toEqual([]);
      const engine = await open(prefix);
      if (first === "writes") await write(engine, 3, [2n, 5n]);
      expect(await columnsOf(table)).toEqual(
        first === "writes"
          ? expect.arrayContaining(["oldest_start"])
          : expect.not.arrayContaining(["oldest_start"]),
      );
      const lists = await Promise.all([listed(engine), listed(engine)]);
      expect(lists).toEqual([
        [1, 2],
        [1, 2],
      ]);
      expect(await columnsOf(table)).toContain("oldest_start");
      await write(engine, 4, [2n, 5n]);
      await write(engine, 5, [-2n, 5n]);
      expect(await listed(engine)).toEqual([1, 2, 5]);
      await engine.close();
    },
  );
});
