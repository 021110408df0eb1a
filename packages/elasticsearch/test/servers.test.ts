import type { SpanStore, TracesData } from "@spanstore/core";
import { createSpanStore } from "@spanstore/core/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { type Client, createClient } from "../src/connection/client.js";
import { createControl } from "../src/coordination/control.js";
import { openEngine } from "../src/engine.js";
import { checkOptions, type Settings } from "../src/options.js";

const now = BigInt(Date.now()) * 1_000_000n;

function traceIdOf(number: number): string {
  return number.toString(16).padStart(32, "0");
}

function spanOf(number: number, service = "shop", startTimeUnixNano = now + BigInt(number)): TracesData {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  const spanId = number.toString(16).padStart(16, "0");
  const text = "the same words in every span of this test, so that a dictionary has them";
  const span = {
    traceId: traceIdOf(number),
    spanId,
    name: `op ${number % 3}`,
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + 5n,
    attributes: [{ key: "text", value: { stringValue: text } }],
  };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] };
}

describeWithElasticsearch("several servers of one namespace", (way) => {
  let server: Elasticsearch;
  const prefixes: string[] = [];
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
  }, hookMillis);
  afterAll(() => cleanUp(way, server, prefixes), hookMillis);

  const space = (): Settings => {
    const prefix = freshPrefix();
    prefixes.push(prefix);
    return checkOptions({ url: server.url, prefix, refresh: "wait" });
  };
  const open = async (settings: Settings, sampledSpans?: number): Promise<SpanStore> => {
    const client = createClient(settings);
    const engine = await openEngine({
      client,
      settings,
      prefix: settings.prefix,
      ...(sampledSpans !== undefined && { sampledSpans }),
    });
    return createSpanStore({ ...engine, close: () => engine.close().finally(client.close) });
  };

  it("a walk gives the spans of its beginning while any server writes", {
    timeout: 120_000,
  }, async () => {
    const settings = space();
    await using reader = await open(settings);
    await using writer = await open(settings);
    let next = 1;
    for (; next <= 30; next++) await writer.write(spanOf(next));
    for (let walk = 0; walk < 3; walk++) {
      let isOver = false;
      const acknowledged = next - 1;
      const writing = (async () => {
        while (!isOver) await writer.write(spanOf(next++));
      })();
      const given: string[] = [];
      for (let token: string | undefined = ""; token !== undefined; ) {
        const page: Awaited<ReturnType<SpanStore["findTraceIds"]>> = await reader.findTraceIds({
          service: "shop",
          page: { size: 5, token },
        });
        given.push(...page.traces.map(({ traceId }) => traceId));
        token = page.nextPageToken;
      }
      isOver = true;
      await writing;
      expect(new Set(given).size).toBe(given.length);
      // Newest first: spans written since come before all others, or not at all.
      const expected = Array.from({ length: acknowledged }, (_, i) => traceIdOf(acknowledged - i));
      expect(given.slice(-acknowledged)).toEqual(expected);
    }
  });

  it("lists have the names of the stored spans while one server deletes and another writes", {
    timeout: 120_000,
  }, async () => {
    const settings = space();
    await using deleter = await open(settings);
    await using writer = await open(settings);
    for (let round = 0; round < 5; round++) {
      // The writer remembers the name from now on.
      await writer.write(spanOf(1, "shop"));
      let isOver = false;
      const deleting = (async () => {
        await deleter.deleteBefore(now + 1_000_000_000n);
        await (round % 2 === 0 ? deleter.purge() : deleter.deleteBefore(now + 1_000_000_000n));
        isOver = true;
      })();
      let number = 10;
      while (!isOver) {
        await writer.write(spanOf(number, `service ${number % 4}`));
        number++;
      }
      await deleting;
      await writer.write(spanOf(2, "last"));
      const { traces } = await deleter.findTraceIds({ limit: 100_000 });
      const services = new Set<string>();
      for await (const { summaries } of deleter.findTraceSummaries({ limit: 100_000 })) {
        for (const summary of summaries) for (const { name } of summary.services) services.add(name);
      }
      expect(traces.length).toBeGreaterThan(0);
      expect(await deleter.getServices()).toEqual([...services].sort());
      await deleter.purge();
    }
  });

  it("a server reads spans that another compressed with its own dictionary", async () => {
    const settings = space();
    const first = await open(settings, 3);
    // The first spans make the dictionary, and later ones use it.
    for (let number = 1; number <= 20; number++) await first.write(spanOf(number));
    await first.close();
    const again = await open(settings, 3);
    for (let number = 21; number <= 40; number++) await again.write(spanOf(number));
    await using reader = await open(settings);
    const { traces } = await reader.findTraceIds({ service: "shop" });
    expect(traces).toHaveLength(40);
    await again.close();

    const client = createClient(settings);
    const control = `/${settings.prefix}control`;
    const idsIn = async (index: string): Promise<string[]> => {
      await client.request({ method: "POST", path: `${index}/_refresh` });
      const answer = await client.request<{ hits: { hits: { _id: string }[] } }>({
        method: "POST",
        path: `${index}/_search`,
        body: { size: 1_000, _source: false },
      });
      return answer.hits.hits.map(({ _id }) => _id);
    };
    // One for all servers, and a copy in the index, which serves reads when the control index is lost.
    const dictionaries = (await idsIn(control)).filter((id) => id.startsWith("dictionary-"));
    expect(dictionaries).toHaveLength(1);
    const copies = (await idsIn(`/${settings.prefix}spans-*`)).filter((id) => id.startsWith("d"));
    expect(copies).toContain(dictionaries[0]?.replace("dictionary-", "d"));
    await client.request({ method: "DELETE", path: control });
    await client.close();
    await using late = await open(settings);
    expect((await late.findTraceIds({ service: "shop" })).traces).toHaveLength(40);
  });

  describe("their control index", () => {
    const controlOf = (client: Client, index: string) =>
      createControl(client, index, async () => {
        throw new Error("the index is there");
      });
    const controls = async (count: number) => {
      const settings = space();
      const client = createClient(settings);
      const index = `${settings.prefix}control`;
      await client.request({ method: "PUT", path: `/${index}` });
      return { client, index, all: Array.from({ length: count }, () => controlOf(client, index)) };
    };
    const closeAll = async (
      client: Client,
      all: readonly ReturnType<typeof createControl>[],
    ): Promise<void> => {
      await Promise.all(all.map((control) => control.close()));
      await client.close();
    };

    it("a barrier waits for the writes of every server, and no longer", async () => {
      const { client, all } = await controls(3);
      const [first, second, third] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0]];
      const mine = await first.begin();
      const theirs = await second.begin();
      let passed = false;
      const barrier = third.barrier(false).then((number) => {
        passed = true;
        return number;
      });
      first.end(mine);
      const other = await first.begin();
      first.end(other);
      expect(passed).toBe(false);
      second.end(theirs);
      const number = await barrier;
      expect(Math.max(mine.sequence, theirs.sequence)).toBeLessThanOrEqual(number);
      for (const control of all) {
        const ticket = await control.begin();
        expect(ticket.sequence).toBeGreaterThan(number);
        control.end(ticket);
      }
      await closeAll(client, all);
    });

    it("a deletion begins a generation for every server", async () => {
      const { client, all } = await controls(2);
      const [first, second] = all as [(typeof all)[0], (typeof all)[0]];
      const before = await first.begin();
      first.end(before);
      await second.barrier(true);
      const after = await first.begin();
      first.end(after);
      expect(after.generation).not.toBe(before.generation);
      await closeAll(client, all);
    });

    it("a dead server delays a barrier once, and not for long", { timeout: 30_000 }, async () => {
      const { client, index, all } = await controls(2);
      const [control, gone] = all as [(typeof all)[0], (typeof all)[0]];
      gone.end(await gone.begin());
      const { _source: state } = await client.request<{ _source: { servers: string[] } }>({
        method: "GET",
        path: `/${index}/_doc/state`,
      });
      // This server never reaches another epoch, like one that was killed.
      const body = { ...state, servers: [...state.servers, "killed"] };
      await client.request({ method: "PUT", path: `/${index}/_doc/state`, body });
      await control.barrier(false);
      // The next barrier does not wait for it.
      const begun = await client.request<{ _source: { servers: string[] } }>({
        method: "GET",
        path: `/${index}/_doc/state`,
      });
      expect(begun._source.servers).not.toContain("killed");
      expect(begun._source.servers).toHaveLength(1);
      await closeAll(client, all);
    });

    it("numbers rise even when the state was lost", async () => {
      const { client, index, all } = await controls(1);
      const [control] = all as [(typeof all)[0]];
      const before = await control.begin();
      control.end(before);
      const number = await control.barrier(false);
      await client.request({ method: "DELETE", path: `/${index}/_doc/state` });
      const fresh = controlOf(client, index);
      expect(await fresh.barrier(false)).toBeGreaterThanOrEqual(number);
      const after = await fresh.begin();
      fresh.end(after);
      expect(after.sequence).toBeGreaterThan(number);
      await closeAll(client, [control, fresh]);
    });
  });
});
