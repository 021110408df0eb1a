import type { SpanStore } from "@spanstore/core";
import type { Predicate, Reading } from "@spanstore/core/engine";
import { encodeTraces, spansOf } from "@spanstore/core/otlp";
import { openElasticsearchStore } from "@spanstore/elasticsearch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { createClient } from "../src/connection/client.js";
import { openEngine } from "../src/engine.js";
import { checkOptions } from "../src/options.js";
import { createRecent } from "../src/write/recent.js";
import { type Gateway, startGateway } from "./support/gateway.js";
import { joined, now, spanOf, traceIdOf, traceIdsIn } from "./support/spans.js";

describe("cached answers", () => {
  it("are young, small, and loaded after the last change", async () => {
    let loads = 0;
    const load = async (): Promise<string> => `${++loads}`;
    const recent = createRecent<string>(60_000, (answer) => answer !== "1");
    expect([await recent.of("a", load), await recent.of("a", load), await recent.of("a", load)]).toEqual([
      "1",
      "2",
      "2",
    ]);
    expect(await recent.of("b", load)).toBe("3");
    recent.forget();
    const forgotten = recent.of("a", async () => {
      recent.forget();
      return load();
    });
    expect([await forgotten, await recent.of("a", load), await recent.of("a", load)]).toEqual([
      "4",
      "5",
      "5",
    ]);
    const never = createRecent<string>(0, () => true);
    expect([await never.of("a", load), await never.of("a", load)]).toEqual(["6", "7"]);
  });
});

describeWithElasticsearch("reads", (way) => {
  let server: Elasticsearch;
  const prefixes: string[] = [];
  const gateways: Gateway[] = [];
  const fresh = (): string => {
    const prefix = freshPrefix();
    prefixes.push(prefix);
    return prefix;
  };
  /** A store behind a gateway that counts searches. */
  const counted = async (
    options: object = { refresh: "wait" },
  ): Promise<{ store: SpanStore; searches: () => number }> => {
    let searches = 0;
    const gateway = await startGateway(server.url, {
      hold: async ({ url = "" }) => {
        if (url.includes("/_search")) searches++;
      },
    });
    gateways.push(gateway);
    const store = await openElasticsearchStore({ url: gateway.url, prefix: fresh(), ...options });
    return {
      store,
      searches: () => {
        const made = searches;
        searches = 0;
        return made;
      },
    };
  };
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
  }, hookMillis);
  afterAll(async () => {
    for (const each of gateways) await each.close();
    await cleanUp(way, server, prefixes);
  }, hookMillis);

  it("a search with its traces takes two requests, however many servers wrote them", async () => {
    const { store, searches } = await counted();
    const numbers = Array.from({ length: 30 }, (_, i) => i + 1);
    await store.write(joined(...numbers.map((number) => spanOf(number))));
    // Every third trace has another fragment that the search does not find.
    const other = await openElasticsearchStore({
      url: server.url,
      prefix: prefixes.at(-1) ?? "",
      refresh: "wait",
    });
    for (const number of numbers.filter((each) => each % 3 === 0)) {
      await other.write(spanOf(number, now - 3_600_000_000_000n * 50n));
    }
    searches();
    const query = { service: "shop", startTimeMinUnixNano: now - 1_000n, startTimeMaxUnixNano: now + 1_000n };
    const spans = new Map<string, number>();
    for await (const { traceId, encoded } of store.findTraces({ ...query, limit: 40 })) {
      spans.set(traceId, (spans.get(traceId) ?? 0) + [...spansOf(encoded)].length);
    }
    expect(searches()).toBe(2);
    expect([...spans].sort()).toEqual(numbers.map((number) => [traceIdOf(number), number % 3 === 0 ? 2 : 1]));
    await other.close();
    await store.close();
  });

  it("the traces of a search lack spans deleted since, and have spans written since", async () => {
    const prefix = fresh();
    const settings = checkOptions({ url: server.url, prefix, refresh: "wait" });
    const client = createClient(settings);
    const engines = [
      await openEngine({ client, settings, prefix }),
      await openEngine({ client, settings, prefix }),
    ] as const;
    const [one, other] = engines;
    const numbers = [1, 2, 3, 4, 5, 6];
    const old = now - 72n * 3_600_000_000_000n;
    await one.write(encodeTraces(joined(...numbers.map((number) => spanOf(number, number > 4 ? old : now)))));
    const all: Predicate = {
      op: "eq",
      ref: { ref: "field", level: "resource", name: "service" },
      value: { type: "string", text: "shop" },
    };
    const range = { startTimeMinUnixNano: old - 1n, startTimeMaxUnixNano: now + 1n };
    let found = 0;
    for await (const { fragments } of one.candidates({ ...range, predicate: all, limit: 20 })) {
      found += fragments.length;
    }
    expect(found).toBe(6);
    await other.deleteBefore(now - 1n);
    await other.write(encodeTraces(spanOf(1, now - 5n)));
    const fragments = new Map<string, number>();
    for await (const part of one.fragments(numbers.map(traceIdOf))) {
      for (const { traceId } of part) fragments.set(traceId, (fragments.get(traceId) ?? 0) + 1);
    }
    expect([...fragments]).toEqual([1, 2, 3, 4].map((number) => [traceIdOf(number), number === 1 ? 2 : 1]));
    // A fragment that was deleted and is written again has the number of the later write.
    const sequence = await one.sequence();
    await other.deleteBefore(now + 1n);
    await other.write(encodeTraces(joined(...numbers.map((number) => spanOf(number)))));
    const sequences: number[] = [];
    for await (const part of one.fragments(numbers.map(traceIdOf))) {
      sequences.push(...part.map((fragment) => fragment.sequence));
    }
    expect(sequences).toHaveLength(6);
    expect(sequences.filter((each) => each <= sequence)).toEqual([]);
    for (const each of engines) await each.close();
    await client.close();
  });

  it("searches hand over and hold few bytes at a time, count them, and hold none when they end or are left", async () => {
    const prefix = fresh();
    const settings = checkOptions({ url: server.url, prefix, refresh: "wait" });
    const client = createClient(settings);
    const engine = await openEngine({ client, settings, prefix });
    const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
    const spanBytes = 500_000;
    await engine.write(encodeTraces(joined(...numbers.map((number) => spanOf(number, now, spanBytes)))));
    let held = 0;
    let most = 0;
    const reading: Reading = {
      part: () => {
        let own = 0;
        return (bytes) => {
          held += bytes - own;
          own = bytes;
          most = Math.max(most, held);
          return undefined;
        };
      },
      unwaiting: () => reading,
    };
    const isBounded = (fragments: readonly { readonly encoded: Uint8Array }[]): void =>
      expect(fragments.reduce((sum, { encoded }) => sum + encoded.length, 0)).toBeLessThan(
        3 * spanBytes + 10_000,
      );
    const range = { startTimeMinUnixNano: now - 1n, startTimeMaxUnixNano: now + 1n };
    const search = { ...range, predicate: { op: "and", args: [] } as const, limit: 100 };
    for await (const { fragments } of engine.candidates(search, undefined, reading)) {
      isBounded(fragments);
      expect(held).toBeGreaterThan(spanBytes);
      break;
    }
    expect(held).toBe(0);
    let found = 0;
    for await (const { fragments } of engine.candidates(search, undefined, reading)) {
      isBounded(fragments);
      found += fragments.length;
    }
    expect(found).toBeGreaterThanOrEqual(numbers.length);
    expect(held).toBe(0);
    found = 0;
    for await (const fragments of engine.fragments(numbers.map(traceIdOf), undefined, reading)) {
      isBounded(fragments);
      expect(held).toBeGreaterThan(spanBytes / 2);
      found += fragments.length;
    }
    expect(found).toBe(numbers.length);
    expect(held).toBe(0);
    expect(most).toBeLessThanOrEqual(8 * 1024 * 1024);
    await engine.close();
    await client.close();
  });

  it("lists of names are cached, unless writes wait until searches find them", async () => {
    const patient = await counted({ refreshIntervalMillis: 600_000 });
    await patient.store.write(joined(spanOf(1), spanOf(2, now - 72n * 3_600_000_000_000n)));
    const refreshed = await fetch(`${server.url}/${prefixes.at(-1)}*/_refresh`, { method: "POST" });
    expect(refreshed.status, await refreshed.text()).toBe(200);
    patient.searches();
    const lists = async (store: SpanStore): Promise<unknown> => [
      await store.getServices(),
      (await store.getOperations({ service: "shop" })).map(({ name }) => name),
    ];
    for (let i = 0; i < 3; i++) expect(await lists(patient.store)).toEqual([["shop"], ["op"]]);
    expect(patient.searches()).toBe(2);
    await patient.store.purge();
    expect(await lists(patient.store)).toEqual([[], []]);
    await patient.store.close();

    const { store, searches } = await counted();
    expect(await traceIdsIn(store)).toEqual([]);
    searches();
    expect(await lists(store)).toEqual([[], []]);
    await store.write(spanOf(1));
    expect(await lists(store)).toEqual([["shop"], ["op"]]);
    expect(searches()).toBe(4);
    await store.close();
  });
});
