import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeTraces } from "@spanstore/core/otlp";
import { describe, expect, it } from "vitest";
import { fileOf, minute, origin, startBench, startHook, tracesOf } from "./harness.js";

const errors = {
  name: "Errors",
  filter: "{ status = error }",
  labels: { severity: "page" },
  annotations: { summary: "{{ service }} fails" },
};

describe("watches over arriving spans", () => {
  it("fire once for each set of labels, with the span's link, and end when nothing matches any more", async () => {
    await using hook = await startHook();
    await using bench = await startBench({
      webhook: hook.url,
      link: "http://page/trace/{traceId}",
      watches: [errors],
    });
    const shop = { service: "shop", error: true, at: origin };
    const traces = tracesOf(
      shop,
      shop,
      { ...shop, service: "cart" },
      { ...shop, error: false, service: "ok" },
    );
    await bench.watched.write(traces);
    await bench.after(0);
    expect(hook.taken.sort()).toEqual(["firing Errors cart", "firing Errors shop"]);
    const [alert] = hook.alerts.filter(({ labels }) => labels.service === "shop");
    const traceId = alert?.annotations.trace_id ?? "";
    expect(alert).toMatchObject({
      labels: { alertname: "Errors", service: "shop", severity: "page" },
      annotations: { summary: "shop fails" },
      generatorURL: `http://page/trace/${traceId}`,
      startsAt: new Date(origin).toISOString(),
    });
    const found = [];
    for await (const chunk of bench.store.getTraces([traceId])) found.push(chunk);
    expect(found).toHaveLength(1);
    await bench.after(4 * minute);
    await bench.watched.write(tracesOf(shop));
    await bench.after(4 * minute);
    expect(hook.taken).toHaveLength(3);
    expect(hook.taken[2]).toBe("resolved Errors cart");
    await bench.after(minute);
    expect(hook.taken.slice(3)).toEqual(["resolved Errors shop"]);
    expect(bench.watcher.firing()).toBe(0);
    expect(bench.failures).toEqual([]);
  });

  it("reach a receiver with a user and a password, and no failure shows its path", async () => {
    await using hook = await startHook();
    const url = hook.url.replace("//", "//me:p%40ss@");
    const seen: unknown[] = [];
    await using bench = await startBench(
      { webhook: url, watches: [errors] },
      { failed: (error) => seen.push(error) },
    );
    hook.refuses = true;
    await bench.watched.write(tracesOf({ service: "shop", error: true, at: origin }));
    await bench.after(0);
    hook.refuses = false;
    await bench.after(minute);
    expect(hook.taken).toEqual(["firing Errors shop"]);
    expect(new Set(hook.authorizations)).toEqual(new Set([`Basic ${btoa("me:p@ss")}`]));
    expect(seen.map((error) => `${error} ${(error as Error).cause}`)).toEqual([
      expect.not.stringMatching(/hook|p@ss|p%40ss/),
    ]);
  });

  it("count a span that is sent again once", async () => {
    await using hook = await startHook();
    await using bench = await startBench({ webhook: hook.url, watches: [errors] });
    const request = encodeTraces(tracesOf({ service: "shop", error: true, at: origin }));
    await bench.watched.write(request);
    await bench.after(0);
    await bench.after(4 * minute);
    await bench.watched.write(request);
    // The second one did not prolong it.
    await bench.after(minute);
    expect(hook.taken).toEqual(["firing Errors shop", "resolved Errors shop"]);
  });

  it("wait for a receiver that is away, through a crash, even when they are over meanwhile", async () => {
    await using hook = await startHook();
    hook.refuses = true;
    await using first = await startBench({ webhook: hook.url, watches: [errors] });
    await first.watched.write(tracesOf({ service: "shop", error: true, at: origin }));
    await first.after(1000);
    expect(first.failures).toEqual(["delivery"]);
    // Nothing is closed: a crash.
    const second = await first.restart();
    await second.after(30 * minute);
    expect(second.failures).toEqual(["delivery"]);
    hook.refuses = false;
    await second.after(500);
    expect(hook.taken).toEqual([]);
    await second.after(500);
    expect(hook.taken).toEqual(["firing Errors shop"]);
    await second.after(minute);
    expect(hook.taken).toEqual(["firing Errors shop", "resolved Errors shop"]);
    const third = await second.restart();
    await third.after(0);
    expect(hook.taken).toHaveLength(2);
  });

  it("are durable when the write resolves", async () => {
    await using hook = await startHook();
    await using first = await startBench({ webhook: hook.url, watches: [errors] });
    await first.watched.write(tracesOf({ service: "shop", error: true, at: origin }));
    const second = await first.restart();
    expect(second.watcher.firing()).toBe(1);
    await second.after(0);
    expect(hook.taken).toEqual(["firing Errors shop"]);
  });

  it("go on with another file, and end what it has no more", async () => {
    await using hook = await startHook();
    await using bench = await startBench({
      webhook: hook.url,
      watches: [errors, { ...errors, name: "Kept" }],
    });
    await bench.watched.write(tracesOf({ service: "shop", error: true, at: origin }));
    await bench.after(0);
    const slow = { name: "Slow", filter: "{ duration > 1s }" };
    bench.watcher.use(fileOf({ webhook: hook.url, watches: [{ ...errors, name: "Kept" }, slow] }));
    await bench.after(0);
    expect(hook.taken.slice(2)).toEqual(["resolved Errors shop"]);
    await bench.watched.write(tracesOf({ service: "cart", at: origin, duration: 2000 }));
    await bench.after(0);
    expect(hook.taken.slice(3)).toEqual(["firing Slow cart"]);
  });

  it("have a bounded number of alerts", async () => {
    await using bench = await startBench({ watches: [{ ...errors, by: ["operation"], annotations: {} }] });
    const names = Array.from({ length: 1010 }, (_, i) => ({
      service: "s",
      name: `op ${i}`,
      error: true,
      at: origin,
    }));
    await bench.watched.write(tracesOf(...names));
    for (let i = 0; i < 1000 && bench.watcher.firing() < 1000; i++) await bench.after(0);
    await bench.watcher.close();
    expect(bench.watcher.firing()).toBe(1000);
    expect(bench.failures).toEqual(["full Errors"]);
  });

  it("watch a tenant alone, or all of them with a label", async () => {
    await using hook = await startHook();
    const acme = { ...errors, name: "OfAcme", tenant: "acme" };
    await using bench = await startBench({ webhook: hook.url, watches: [errors, acme] });
    for (const tenant of ["acme", "other"]) {
      const store = bench.watcher.tap(bench.store.forTenant(tenant), tenant);
      await store.write(tracesOf({ service: "shop", error: true, at: origin }));
    }
    await bench.after(0);
    expect(hook.alerts.map(({ labels }) => `${labels.alertname} ${labels.tenant}`).sort()).toEqual([
      "Errors acme",
      "Errors other",
      "OfAcme acme",
    ]);
  });

  it.each(["{", '{"spanstore-watches":2}', ""])("refuse a state that is another file: %j", async (text) => {
    await using bench = await startBench({ watches: [errors] });
    writeFileSync(join(bench.folder, "state"), text);
    await expect(bench.restart()).rejects.toMatchObject({ code: "INVALID_OPTIONS", field: "watch.state" });
  });
});

describe("watches over metrics", () => {
  const ratio = { name: "TooManyErrors", metric: "error_ratio", above: "20%", over: "2m", for: "1m" };
  const spansAt = (at: number, errors: number) =>
    tracesOf(...Array.from({ length: 10 }, (_, i) => ({ service: "shop", at, error: i < errors })));

  it("fire when the metric has been beyond its threshold for long enough, and end with it", async () => {
    await using hook = await startHook();
    await using bench = await startBench({
      webhook: hook.url,
      link: "http://page/{traceId}",
      watches: [{ ...ratio, annotations: { summary: "{{ value }} of {{ matches }}" } }],
    });
    await bench.watched.write(spansAt(origin + 1000, 5));
    await bench.after(minute + 4000);
    expect(hook.taken).toEqual([]);
    await bench.after(1000);
    // Pending for a minute.
    expect(hook.taken).toEqual([]);
    await bench.watched.write(spansAt(origin + minute, 1));
    await bench.after(minute);
    expect(hook.taken).toEqual(["firing TooManyErrors shop"]);
    expect(hook.alerts[0]?.annotations.summary).toBe("30% of 20");
    expect(hook.alerts[0]?.generatorURL).toMatch(/^http:\/\/page\/[0-9a-f]{32}$/);
    await bench.after(minute);
    expect(hook.taken.slice(1)).toEqual(["resolved TooManyErrors shop"]);
  });

  it("do not fire when the metric comes back while it pends", async () => {
    await using hook = await startHook();
    await using bench = await startBench({ webhook: hook.url, watches: [{ ...ratio, over: "1m" }] });
    await bench.watched.write(spansAt(origin, 5));
    for (let i = 0; i < 4; i++) await bench.after(minute + 1000);
    expect(hook.taken).toEqual([]);
  });

  it("fire for silence", async () => {
    await using hook = await startHook();
    await using bench = await startBench({
      webhook: hook.url,
      watches: [{ name: "Silence", metric: "calls", by: [], below: 1, over: "1m" }],
    });
    await bench.watched.write(spansAt(origin, 0));
    await bench.after(minute + 5000);
    expect(hook.taken).toEqual([]);
    await bench.after(minute);
    expect(hook.taken).toEqual(["firing Silence -"]);
  });

  it("end what pends through a restart as well", async () => {
    await using hook = await startHook();
    await using first = await startBench({ webhook: hook.url, watches: [{ ...ratio, over: "5m" }] });
    await first.watched.write(spansAt(origin, 5));
    await first.after(minute + 5000);
    const second = await first.restart();
    await second.after(minute);
    expect(hook.taken).toEqual(["firing TooManyErrors shop"]);
  });
});
