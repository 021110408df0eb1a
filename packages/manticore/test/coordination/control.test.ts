import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient } from "../../src/connection/client.js";
import { type Control, createControl } from "../../src/coordination/control.js";
import { checkOptions } from "../../src/options.js";
import { createNaming, type Naming } from "../../src/schema/naming.js";
import { createWindows } from "../../src/schema/windows.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";
import { ask } from "../sql.js";

/** A write as observed from outside. Events of writes and walks are numbered in their order. */
interface Write {
  readonly number: number;
  readonly generation: number;
  readonly begun: number;
  over: number;
}
interface Walk {
  readonly number: number;
  readonly asked: number;
  readonly begun: number;
}

describeWithPeer("manticore", "coordination of servers", (located) => {
  let searchd: Searchd;
  let naming: Naming;
  let controls: Control[] = [];
  let clients: Client[] = [];
  let statements = 0;

  const open = (): Control => {
    const client = createClient(checkOptions({ url: searchd.url }));
    const counting: Client = {
      ...client,
      query: (sql, options) => {
        statements++;
        return client.query(sql, options);
      },
    };
    const control = createControl(counting, naming, 0);
    clients.push(client);
    controls.push(control);
    return control;
  };
  const sql = (statement: string) => ask(searchd.url, statement);

  beforeAll(async () => {
    searchd = await startSearchd(located);
  });
  afterAll(() => searchd?.close());
  beforeEach(() => {
    naming = createNaming({ prefix: freshPrefix(), windows: createWindows("day") });
  });
  afterEach(async () => {
    for (const control of controls) await control.close();
    for (const client of clients) await client.close();
    controls = [];
    clients = [];
  });

  it("gives a walk a number above all finished writes and below all later ones", async () => {
    const writes: Write[] = [];
    const walks: Walk[] = [];
    let now = 0;
    let walking = true;
    const write = async (control: Control): Promise<void> => {
      while (walking) {
        const turn = await control.begin();
        const own: Write = {
          number: turn.sequence,
          generation: 0,
          begun: ++now,
          over: Number.POSITIVE_INFINITY,
        };
        writes.push(own);
        // A write takes a few statements, or almost no time.
        const length = Math.random();
        for (let i = 0; i < length * 4; i++)
          await (length < 0.5 ? nextTurn() : clients[0]?.query("SELECT 1"));
        own.over = ++now;
        control.end(own.number);
      }
    };
    const walk = async (control: Control): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        const asked = ++now;
        const number = await control.sequence();
        walks.push({ number, asked, begun: ++now });
      }
    };
    const servers = [open(), open(), open()];
    const writing = servers.flatMap((server) => [write(server), write(server)]);
    await Promise.all([...servers, open()].map(walk));
    walking = false;
    await Promise.all(writing);

    expect(walks.length).toBe(160);
    expect(writes.length).toBeGreaterThan(walks.length);
    for (const { number, asked, begun } of walks) {
      // The walk includes every write that was over before, and none that is in flight or still to come.
      expect(writes.filter((each) => each.over < asked && each.number > number)).toEqual([]);
      expect(writes.filter((each) => each.over > begun && each.number <= number)).toEqual([]);
    }
  });

  it("lets a deletion find the rows of every write that saw the old generation", async () => {
    const writes: Write[] = [];
    const raised: { readonly generation: number; readonly waited: number }[] = [];
    let now = 0;
    let raising = true;
    const write = async (control: Control): Promise<void> => {
      while (raising) {
        const turn = await control.begin();
        const begun = ++now;
        await clients[0]?.query("SELECT 1");
        const written = ++now;
        writes.push({
          number: turn.sequence,
          generation: await turn.generation(),
          begun,
          over: written,
        });
        control.end(turn.sequence);
      }
    };
    const [deleting, ...writers] = [open(), open(), open()] as [Control, ...Control[]];
    const writing = writers.map(write);
    for (let i = 0; i < 40; i++) {
      await deleting.raiseGeneration();
      const generation = await deleting.generation();
      await deleting.sequence();
      raised.push({ generation, waited: ++now });
    }
    raising = false;
    await Promise.all(writing);
    expect(writes.length).toBeGreaterThan(raised.length);
    for (const { generation, waited } of raised) {
      expect(writes.filter((each) => each.generation < generation && each.over > waited)).toEqual([]);
    }
  });

  it("takes few statements for many writes in a row", async () => {
    const control = open();
    const first = await control.begin();
    control.end(first.sequence);
    statements = 0;
    const numbers = new Set<number>();
    for (let i = 0; i < 2_000; i++) {
      const { sequence } = await control.begin();
      numbers.add(sequence);
      control.end(sequence);
    }
    expect(numbers.size).toBe(2_000);
    expect(statements).toBeLessThan(200);
  });

  it("waits only once for a server that died in a write", { timeout: 30_000 }, async () => {
    const [dead, other] = [open(), open()];
    const { sequence } = await dead.begin();
    const before = await other.sequence();
    expect(before).toBeGreaterThanOrEqual(sequence);
    expect(await sql(`SELECT id FROM ${naming.control} WHERE busy <> 0`)).toEqual([]);
    // The server was not dead after all, and goes on.
    dead.end(sequence);
    const next = await dead.begin();
    expect(next.sequence).toBeGreaterThan(before);
    dead.end(next.sequence);
  });
});
