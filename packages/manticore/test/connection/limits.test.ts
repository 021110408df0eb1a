import { diagnoseManticore, openManticoreStore } from "@spanstore/manticore";
import { createConnection } from "mysql2/promise";
import { expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { ofShop, span, traces } from "../one-span.js";
import { freshPrefix, startSearchd } from "../searchd.js";

describeWithPeer("manticore", "a searchd with narrow limits", (located) => {
  it.skipIf(!("command" in located))("of connections is reported, and serves once others leave", async () => {
    const searchd = await startSearchd(located, { settings: ["binlog_flush = 1", "max_connections = 8"] });
    try {
      const { hostname: host, port } = new URL(searchd.url);
      const wanted = await Promise.allSettled(
        Array.from({ length: 12 }, () =>
          createConnection({ host, port: Number(port), database: "Manticore" }),
        ),
      );
      const others = wanted.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      await using store = await openManticoreStore({
        url: searchd.url,
        prefix: freshPrefix(),
        retryMillis: 0,
      });
      await expect(store.write(traces)).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        message: expect.stringContaining("takes no more connections"),
        hint: expect.stringContaining("max_connections"),
      });
      for (const other of others) await other.end();
      await using patient = await openManticoreStore({
        url: searchd.url,
        prefix: freshPrefix(),
        retryMillis: 30_000,
        writers: 1,
        readers: 1,
      });
      await patient.write(traces);
      expect(await patient.getServices()).toEqual(["shop"]);
      const findings = await diagnoseManticore({ url: searchd.url });
      expect(findings).toContainEqual(
        expect.objectContaining({ level: "warning", advice: expect.stringContaining("max_connections") }),
      );
    } finally {
      await searchd.close();
    }
  });

  it.skipIf(!("command" in located))("of packets takes spans that fit, and refuses larger ones", async () => {
    const searchd = await startSearchd(located, { settings: ["binlog_flush = 1", "max_packet_size = 1M"] });
    try {
      await using store = await openManticoreStore({ url: searchd.url, prefix: freshPrefix() });
      const request = (size: number, spans: number) =>
        ofShop(
          Array.from({ length: spans }, (_, i) => ({
            ...span,
            traceId: (size * 1000 + i).toString(16).padStart(32, "0"),
            attributes: [{ key: "text", value: { stringValue: String(i).padEnd(size, ".") } }],
          })),
        );
      const [small, large] = await Promise.allSettled([
        store.write(request(10_000, 300)),
        store.write(request(1_500_000, 1)),
      ]);
      expect(small).toMatchObject({ status: "fulfilled", value: { accepted: 300 } });
      expect(large).toMatchObject({
        status: "rejected",
        reason: { code: "TOO_LARGE", hint: expect.stringContaining("max_packet_size") },
      });
      expect((await store.findTraceIds({ limit: 1000 })).traces.length).toBe(300);
      expect(await diagnoseManticore({ url: searchd.url })).toContainEqual(
        expect.objectContaining({ level: "warning", subject: "packet limit" }),
      );
    } finally {
      await searchd.close();
    }
  });
});

describeWithPeer("manticore", "a searchd that may lose acknowledged spans", (located) => {
  it.skipIf(!("command" in located)).each([
    ["binlog_flush = 0", "a crash of searchd or a power cut"],
    ["", "a power cut"],
    ["binlog_path =", "no binary log"],
  ])("is reported once, at the first call: %j", async (setting, words) => {
    const searchd = await startSearchd(located, { settings: [setting] });
    try {
      const warnings: string[] = [];
      const options = {
        url: searchd.url,
        prefix: freshPrefix(),
        warn: (text: string) => warnings.push(text),
      };
      await using store = await openManticoreStore(options);
      await Promise.all([store.health(), store.getServices()]);
      await store.forTenant("acme").health();
      expect(warnings).toEqual([expect.stringContaining(words)]);
    } finally {
      await searchd.close();
    }
  });
});
