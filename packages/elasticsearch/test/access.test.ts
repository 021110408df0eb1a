import { readFileSync } from "node:fs";
import { openElasticsearchStore } from "@spanstore/elasticsearch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "../../../scripts/test-support/certificates.js";
import {
  cleanUp,
  describeWithElasticsearch,
  type Elasticsearch,
  freshPrefix,
  hookMillis,
  sharedElasticsearch,
} from "../../../scripts/test-support/elasticsearch/elasticsearch.js";
import { type Gateway, securityRefusal, startGateway } from "./support/gateway.js";
import { errorOf, joined, spanOf, traceIdOf, traceIdsIn } from "./support/spans.js";

/** The server of the tests has no accounts and no certificates: a gateway in front of it plays the part of a full server. */
describeWithElasticsearch("access", (way) => {
  let server: Elasticsearch;
  let authority: Authority;
  const prefixes: string[] = [];
  const gateways: Gateway[] = [];
  const gateway = async (
    ...options: Parameters<typeof startGateway> extends [string, ...infer T] ? T : never
  ) => {
    const started = await startGateway(server.url, ...options);
    gateways.push(started);
    return started;
  };
  const settings = (): { prefix: string; refresh: "wait"; retryMillis: number } => {
    const prefix = freshPrefix();
    prefixes.push(prefix);
    return { prefix, refresh: "wait", retryMillis: 300 };
  };
  beforeAll(async () => {
    server = await sharedElasticsearch(way);
    authority = createAuthority();
  }, hookMillis);
  afterAll(async () => {
    for (const each of gateways) await each.close();
    authority?.remove();
    await cleanUp(way, server, prefixes);
  }, hookMillis);

  describe("by account", () => {
    const accounts: Readonly<Record<string, "all" | "read">> = {
      [`Basic ${Buffer.from("writer:p@ss:word").toString("base64")}`]: "all",
      [`Basic ${Buffer.from("reader:secret").toString("base64")}`]: "read",
      "ApiKey a2V5OnNlY3JldA==": "all",
    };
    const guarded = (): Promise<Gateway> =>
      gateway({
        refuse: ({ headers, method, url = "" }) => {
          const rights = accounts[headers.authorization ?? ""];
          if (rights === undefined) return securityRefusal(401, "unable to authenticate user");
          const writes = method === "PUT" || url.startsWith("/_bulk");
          return writes && rights === "read"
            ? securityRefusal(403, "action [indices:data/write/bulk] is unauthorized for user [reader]")
            : undefined;
        },
      });
    const withAccount = (url: string, account: string): string => url.replace("//", `//${account}@`);

    it("accepts a password, in options or in the address, and an API key", async () => {
      const { url } = await guarded();
      for (const [number, access] of [
        { url, username: "writer", password: "p@ss:word" },
        { url: withAccount(url, "writer:p%40ss%3Aword") },
        { url, apiKey: "a2V5OnNlY3JldA==" },
      ].entries()) {
        await using store = await openElasticsearchStore({ ...settings(), ...access });
        await store.write(spanOf(number));
        expect(await traceIdsIn(store)).toEqual([traceIdOf(number)]);
        await store.health();
      }
    });

    it("reports a wrong password and a missing one, and lets senders retry", async () => {
      const { url } = await guarded();
      for (const access of [{ url }, { url, username: "writer", password: "old" }, { url, apiKey: "eA==" }]) {
        await using store = await openElasticsearchStore({ ...settings(), ...access });
        for (const call of [() => store.health(), () => store.getServices(), () => traceIdsIn(store)]) {
          const { code, field, hint } = await errorOf(call());
          expect({ code, field }).toEqual({ code: "UNAUTHENTICATED", field: "url" });
          expect(hint).toContain("password");
        }
        const { code, field } = await errorOf(store.write(spanOf(1)));
        expect({ code, field }).toEqual({ code: "STORE_UNAVAILABLE", field: "url" });
      }
    });

    it("names the privileges that an account lacks", async () => {
      const { url } = await guarded();
      const own = settings();
      await using writer = await openElasticsearchStore({
        ...own,
        url: withAccount(url, "writer:p%40ss%3Aword"),
      });
      await writer.write(spanOf(1));
      await using reader = await openElasticsearchStore({ ...own, url: withAccount(url, "reader:secret") });
      const { code, hint, message } = await errorOf(reader.health());
      expect(code).toBe("PERMISSION_DENIED");
      expect(hint).toContain("manage_index_templates");
      expect(message).toContain("unauthorized for user [reader]");
      expect((await errorOf(reader.write(spanOf(2)))).code).toBe("STORE_UNAVAILABLE");
    });

    it("goes on when a revoked password is valid again", async () => {
      let known = true;
      const { url } = await gateway({ refuse: () => (known ? undefined : securityRefusal(401, "expired")) });
      await using store = await openElasticsearchStore({ ...settings(), url });
      await store.write(spanOf(1));
      known = false;
      expect((await errorOf(store.write(spanOf(2)))).code).toBe("STORE_UNAVAILABLE");
      known = true;
      await store.write(spanOf(2));
      expect(await traceIdsIn(store)).toEqual([1, 2].map(traceIdOf));
    });
  });

  describe("by TLS", () => {
    it("trusts the given authority, by certificate or fingerprint, and no other", async () => {
      const { certFile, keyFile } = authority.issue("node", "DNS:localhost");
      const chain = `${readFileSync(certFile, "utf8")}${authority.ca}`;
      const { url } = await gateway({ tls: { key: readFileSync(keyFile, "utf8"), cert: chain } });
      const { X509Certificate } = await import("node:crypto");
      const caFingerprint = new X509Certificate(authority.ca).fingerprint256;
      for (const trust of [{ ca: authority.ca }, { caFingerprint }]) {
        await using store = await openElasticsearchStore({ ...settings(), url, ...trust });
        await store.write(spanOf(1));
        expect(await traceIdsIn(store)).toEqual([traceIdOf(1)]);
      }
      const other = caFingerprint.replace(/^../, (byte) => (byte === "00" ? "11" : "00"));
      for (const trust of [{}, { caFingerprint: other }]) {
        await using store = await openElasticsearchStore({ ...settings(), url, ...trust });
        const { code, field, hint } = await errorOf(store.health());
        expect({ code, field }).toEqual({ code: "STORE_UNAVAILABLE", field: "ca" });
        expect(hint).toContain("certificate");
      }
    });
  });

  describe("by several addresses", () => {
    it("works while one of them answers", async () => {
      const url = ["http://127.0.0.1:1", server.url, "http://127.0.0.1:2"];
      await using store = await openElasticsearchStore({ ...settings(), url });
      for (let i = 1; i <= 10; i++) await store.write(spanOf(i));
      expect(await traceIdsIn(store)).toHaveLength(10);
    });

    it("loses no span when a node goes down during writes, and uses the node again when it is back", async () => {
      const first = await gateway();
      const second = await gateway();
      await using store = await openElasticsearchStore({ ...settings(), url: [first.url, second.url] });
      const numbers = Array.from({ length: 60 }, (_, i) => i + 1);
      for (const number of numbers.slice(0, 10)) await store.write(spanOf(number));
      const writes = numbers.slice(10, 40).map((number) => store.write(spanOf(number)));
      await first.close();
      gateways.splice(gateways.indexOf(first), 1);
      await Promise.all(writes);
      for (const number of numbers.slice(40)) await store.write(spanOf(number));
      expect(await traceIdsIn(store)).toEqual(numbers.map(traceIdOf));
    });
  });

  describe("through a network that fails", () => {
    it("a write that timed out fails, and its spans are stored once", async () => {
      let holds = false;
      let held: (() => void)[] = [];
      const own = settings();
      const { url } = await gateway({
        hold: ({ url: path = "" }) =>
          holds && path.startsWith("/_bulk")
            ? new Promise<void>((resolve) => held.push(resolve))
            : Promise.resolve(),
      });
      await using store = await openElasticsearchStore({ ...own, url, timeoutMillis: 3_000 });
      // Makes the indices, which may take a while.
      await using patient = await openElasticsearchStore({ ...own, url });
      await patient.write(spanOf(1));
      expect(await traceIdsIn(store)).toEqual([traceIdOf(1)]);
      holds = true;
      const { code, message } = await errorOf(store.write(spanOf(2)));
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(message).toContain("timed out");
      expect(held.length).toBeGreaterThan(0);
      holds = false;
      for (const resume of held.splice(0)) resume();
      held = [];
      expect(await store.write(joined(spanOf(2), spanOf(3)))).toEqual({ accepted: 2, rejected: [] });
      expect(await traceIdsIn(store)).toEqual([1, 2, 3].map(traceIdOf));
    });

    it("reports the words of a gateway, and retries while there is time", async () => {
      let failures = 3;
      const { url } = await gateway({
        refuse: () => {
          if (failures === 0) return undefined;
          failures--;
          return { status: 502, type: "text/html", body: "<h1>Bad Gateway</h1>" };
        },
      });
      await using store = await openElasticsearchStore({ ...settings(), url, retryMillis: 20_000 });
      await store.write(spanOf(1));
      expect(failures).toBe(0);
      await using hasty = await openElasticsearchStore({ ...settings(), url, retryMillis: 0 });
      failures = Number.POSITIVE_INFINITY;
      const { code, message } = await errorOf(hasty.health());
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(message).toContain("502");
      failures = 0;
    });

    it("reports a server that is not Elasticsearch", async () => {
      const { url } = await gateway({
        refuse: () => ({ status: 200, type: "text/html", body: "<h1>It works!</h1>" }),
      });
      await using store = await openElasticsearchStore({ ...settings(), url });
      const { code, hint } = await errorOf(store.health());
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(hint).toContain("not Elasticsearch");
    });

    it("each call fails at an address without a server", async () => {
      await using store = await openElasticsearchStore({ ...settings(), url: "http://127.0.0.1:1" });
      for (const call of [() => store.health(), () => store.write(spanOf(1)), () => store.getServices()]) {
        const { code, hint } = await errorOf(call());
        expect(code).toBe("STORE_UNAVAILABLE");
        expect(hint).toContain("address");
      }
    });

    it("bodies may be compressed", async () => {
      await using store = await openElasticsearchStore({ ...settings(), url: server.url, compression: true });
      await store.write(joined(...Array.from({ length: 50 }, (_, i) => spanOf(i + 1))));
      expect(await traceIdsIn(store)).toHaveLength(50);
    });
  });
});
