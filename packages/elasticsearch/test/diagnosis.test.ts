import type { Finding } from "@spanstore/core/engine";
import { diagnoseElasticsearch, openElasticsearchStore } from "@spanstore/elasticsearch";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  cleanUp,
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { type Gateway, securityRefusal, startGateway } from "./support/gateway.js";
import { putter } from "./support/put.js";
import { dayOf, now, spanOf } from "./support/spans.js";

const silent = "http://127.0.0.1:1";

describeWithElasticsearch("diagnosis", (way) => {
  let server: Elasticsearch;
  const prefixes: string[] = [];
  const gateways: Gateway[] = [];
  const put = putter(() => server.url);
  const remove = async (path: string): Promise<void> => {
    const answer = await fetch(`${server.url}${path}`, { method: "DELETE" });
    expect(answer.status, await answer.text()).toBe(200);
  };
  const fresh = (): string => {
    const prefix = freshPrefix();
    prefixes.push(prefix);
    return prefix;
  };
  /** The prefix of a namespace with a span. */
  const used = async (): Promise<string> => {
    const prefix = fresh();
    await using store = await openElasticsearchStore({ url: server.url, prefix });
    await store.write(spanOf(1));
    return prefix;
  };
  const gateway = async (refuse: NonNullable<Parameters<typeof startGateway>[1]>["refuse"]) => {
    const started = await startGateway(server.url, refuse && { refuse });
    gateways.push(started);
    return started.url;
  };
  /** A gateway that answers one path in place of Elasticsearch. */
  const saying = (path: string, answer: object): Promise<string> =>
    gateway(({ url = "" }) =>
      url.startsWith(path) ? { status: 200, isElasticsearch: true, body: JSON.stringify(answer) } : undefined,
    );
  const findingsOn = async (subject: string, url: string | string[], prefix: string): Promise<Finding[]> => {
    const findings = await diagnoseElasticsearch({ url, prefix });
    return findings.filter((each) => each.subject === subject);
  };
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
  }, hookMillis);
  afterAll(async () => {
    for (const each of gateways) await each.close();
    await cleanUp(way, server, prefixes);
  }, hookMillis);

  it("warns of a window that is not the store's, as does opening the store, once for all tenants", async () => {
    const prefix = fresh();
    const warnings: string[] = [];
    const open = (window: "hour" | "day") => {
      const warn = (message: string): void => void warnings.push(message);
      return openElasticsearchStore({ url: server.url, prefix, window, warn });
    };
    await using first = await open("hour");
    await first.write(spanOf(1));
    await first.forTenant("acme").write(spanOf(1));
    expect(warnings).toEqual([]);
    await using second = await open("day");
    await second.write(spanOf(2));
    await second.forTenant("acme").write(spanOf(2));
    const text = "window is day here and hour in the store: indices of one hour are made";
    const advice = "give all servers of this store the same window";
    expect(warnings).toEqual([`${text}; ${advice}`]);
    expect(await findingsOn("window", server.url, prefix)).toEqual([
      { level: "warning", subject: "window", text, advice },
    ]);
  });

  it("of a healthy store reports what it finds, before and after the first use, and changes nothing", async () => {
    const prefix = fresh();
    const subjects = async (): Promise<string[]> => {
      const findings = await diagnoseElasticsearch({ url: server.url, prefix });
      // The disk of the machine may be full.
      expect(findings.filter(({ level, subject }) => level !== "ok" && subject !== "disk")).toEqual([]);
      return findings.map(({ subject }) => subject);
    };
    expect(await subjects()).toEqual(["address", "version", "disk", "clock", "indices"]);
    const listed = await fetch(`${server.url}/_cat/indices/${prefix}*?h=index`);
    expect(await listed.text()).toBe("");
    await using store = await openElasticsearchStore({ url: server.url, prefix, refresh: "wait" });
    await store.write(spanOf(1));
    expect(await subjects()).toEqual([
      "address",
      "version",
      "disk",
      "clock",
      "health",
      "template",
      "template",
      "names",
      "indices",
    ]);
    const [indices] = await findingsOn("indices", server.url, prefix);
    expect(indices?.text).toMatch(/^1 with spans/);
  });

  it("of a wrong password reports nothing else", async () => {
    const url = await gateway(() => securityRefusal(401, "unable to authenticate user [writer]"));
    expect(await diagnoseElasticsearch({ url, username: "writer", password: "old" })).toEqual([
      {
        level: "problem",
        subject: "address",
        text: expect.stringContaining("unable to authenticate user [writer]"),
        advice: expect.stringContaining("password"),
      },
    ]);
  });

  it("of an account without access to nodes reports that, and the rest of the store", async () => {
    const prefix = await used();
    const url = await gateway(({ url: path = "" }) =>
      path.startsWith("/_nodes")
        ? securityRefusal(403, "action [cluster:monitor] is unauthorized")
        : undefined,
    );
    const [nodes] = await findingsOn("nodes", url, prefix);
    expect(nodes).toMatchObject({ level: "problem", advice: expect.stringContaining("privileges monitor") });
    expect(await findingsOn("indices", url, prefix)).toMatchObject([{ level: "ok" }]);
  });

  it("reports addresses that do not answer, as a warning while one answers", async () => {
    const prefix = await used();
    expect(await findingsOn("address", [silent, server.url], prefix)).toMatchObject([
      { level: "warning", text: expect.stringContaining(silent) },
      { level: "ok" },
    ]);
    expect(await findingsOn("indices", [silent, server.url], prefix)).toMatchObject([{ level: "ok" }]);
    const alone = await diagnoseElasticsearch({ url: [silent, "http://127.0.0.1:2"], prefix });
    expect(alone.map(({ level, subject }) => `${level} ${subject}`)).toEqual([
      "problem address",
      "problem address",
    ]);
  });

  it("reports a server that is not Elasticsearch", async () => {
    const url = await gateway(() => ({ status: 200, body: JSON.stringify({ status: "green" }) }));
    expect(await diagnoseElasticsearch({ url })).toMatchObject([
      { level: "problem", subject: "address", advice: expect.stringContaining("not Elasticsearch") },
    ]);
  });

  it.each([
    ["7.17.28", "problem", "not supported"],
    ["10.0.0", "problem", "not supported"],
    ["8.19.21", "ok", "tried was"],
    ["9.12.0", "ok", "tried was"],
  ])("of version %s says that it is a %s", async (version, level, text) => {
    const url = await saying("/_nodes/_all/os", { nodes: { a: { name: "n1", version } } });
    expect(await findingsOn("version", url, fresh())).toMatchObject([
      { level, text: expect.stringContaining(text) },
    ]);
  });

  it("reports nodes that lack disk or memory, or have a wrong clock", async () => {
    const total = { total_in_bytes: 100, available_in_bytes: 30 };
    const nodes = {
      a: { name: "fine", timestamp: Date.now(), fs: { total }, jvm: { mem: { heap_used_percent: 40 } } },
      b: { name: "little", timestamp: Date.now(), fs: { total: { ...total, available_in_bytes: 10 } } },
      c: { name: "full", timestamp: Date.now(), fs: { total: { ...total, available_in_bytes: 1 } } },
      d: { name: "late", timestamp: Date.now() - 3_600_000, jvm: { mem: { heap_used_percent: 95 } } },
    };
    const url = await saying("/_nodes/stats", { nodes });
    const found = await diagnoseElasticsearch({ url, prefix: fresh() });
    expect(found.filter(({ level }) => level !== "ok")).toMatchObject([
      { level: "warning", subject: "disk", text: expect.stringMatching(/^little/) },
      { level: "problem", subject: "disk", text: expect.stringMatching(/^full/) },
      { level: "warning", subject: "heap", text: expect.stringMatching(/^late/) },
      { level: "warning", subject: "clock", text: expect.stringContaining("3600 s") },
    ]);
  });

  it("reports indices that block writes: the current one and the control index", async () => {
    const prefix = await used();
    for (const index of [`${prefix}spans-${dayOf(now)}`, `${prefix}control`]) {
      await put(`/${index}/_settings`, { "index.blocks.read_only": true });
      expect(await findingsOn("health", server.url, prefix)).toMatchObject([
        { level: "problem", text: expect.stringContaining(index), advice: expect.stringContaining("blocks") },
      ]);
      await put(`/${index}/_settings`, { "index.blocks.read_only": null });
    }
    expect(await findingsOn("health", server.url, prefix)).toMatchObject([{ level: "ok" }]);
  });

  it("reports missing shards", async () => {
    const prefix = await used();
    await put(`/${prefix}spans-other?wait_for_active_shards=0`, {
      settings: { "index.routing.allocation.require._name": "silent" },
    });
    expect(await findingsOn("health", server.url, prefix)).toMatchObject([
      { level: "problem", text: expect.stringContaining("red") },
    ]);
    await remove(`/${prefix}spans-other`);
  });

  it("reports a missing template, and how it comes back", async () => {
    const prefix = await used();
    const levels = async (): Promise<string[]> =>
      (await findingsOn("template", server.url, prefix)).map(({ level }) => level);
    await remove(`/_index_template/${prefix}spans`);
    expect(await levels()).toEqual(["problem", "ok"]);
    await remove(`/_index_template/${prefix}control`);
    expect(await levels()).toEqual(["problem", "problem"]);
    await using store = await openElasticsearchStore({ url: server.url, prefix });
    await store.health();
    expect(await levels()).toEqual(["ok", "ok"]);
  });

  it("reports services that are missing from the lists, and an index that may lose spans", async () => {
    const prefix = await used();
    const index = `${prefix}spans-${dayOf(now)}`;
    await put(`/${index}/_settings`, { "index.translog.durability": "async" });
    expect(await findingsOn("translog", server.url, prefix)).toMatchObject([
      { level: "warning", text: expect.stringContaining(index) },
    ]);
    await fetch(`${server.url}/${index}/_refresh`, { method: "POST" });
    expect(await findingsOn("names", server.url, prefix)).toMatchObject([{ level: "ok" }]);
    const found = await fetch(`${server.url}/${index}/_search?q=_exists_:names&_source=false`);
    const { hits } = (await found.json()) as { hits: { hits: { _id: string }[] } };
    expect(hits.hits).toHaveLength(2);
    for (const { _id } of hits.hits) await remove(`/${index}/_doc/${_id}?refresh=true`);
    expect(await findingsOn("names", server.url, prefix)).toMatchObject([
      { level: "problem", text: expect.stringContaining("shop") },
    ]);
  });

  it("reports indices of another program and of a newer version", async () => {
    const other = fresh();
    await put(`/${other}control`, { mappings: { properties: { mine: { type: "keyword" } } } });
    expect(await findingsOn("store", server.url, other)).toMatchObject([
      { level: "problem", text: expect.stringContaining("another program"), advice: expect.anything() },
    ]);
    const newer = fresh();
    const meta = { spanstore: { version: 1_000, window: "day" } };
    await put(`/${newer}control`, { mappings: { _meta: meta } });
    expect(await findingsOn("store", server.url, newer)).toMatchObject([
      { level: "problem", text: expect.stringContaining("newer version (1000)") },
    ]);
  });
});
