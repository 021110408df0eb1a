import { SpanStoreError } from "@spanstore/core";
import { describe, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { serve } from "../harness.js";
import { browserFor, faultsOfAxe } from "./browser.js";
import { fillShop, idOf } from "./shop.js";

const end = BigInt(Date.now()) * 1_000_000n;
const now = { now: () => Date.now() };

const about = async () => ({
  version: "1.2.3",
  retentionMs: 7 * 86_400_000,
  findings: [
    { level: "warning", subject: "disk", text: "1 GiB free", advice: "make room" },
    { level: "ok", subject: "schema", text: "version 2" },
  ],
});

describe("/api/v3/about", () => {
  it("says what is served", async () => {
    await using served = await serve({ about: about as never });
    const { status, json } = await served.get("/api/v3/about");
    expect(status).toBe(200);
    expect(json).toMatchObject({
      engine: "memory",
      health: { ok: true },
      version: "1.2.3",
      retentionMs: 604_800_000,
    });
    expect(json.bytes).toBeGreaterThanOrEqual(0);
  });

  it("shows the health of an unhealthy store, without a size", async () => {
    const { openMemoryStore } = await import("@spanstore/core");
    const store = openMemoryStore();
    const down = (): Promise<never> => Promise.reject(new SpanStoreError("STORE_UNAVAILABLE", "no room"));
    const away = new Proxy(store, {
      get: (target, name, self) =>
        name === "health" || name === "stats" ? down : Reflect.get(target, name, self),
    });
    await using served = await serve({ storeOf: () => away }, store);
    const { json } = await served.get("/api/v3/about");
    expect(json.health).toEqual({ ok: false, message: "no room" });
    expect(json).not.toHaveProperty("bytes");
  });
});

describeWithPeer("chromium", "the other views", (located) => {
  const open = browserFor(located);

  it("lists services with their calls, and operations of one", async () => {
    await using served = await serve(now);
    await fillShop(served.store, 20, { end });
    await using opened = await open(served, "#/services");
    const { page, problems } = opened;
    const frontend = page.getByRole("row").filter({ hasText: "frontend" });
    await frontend.getByText("/ min").waitFor();
    await page.getByRole("link", { name: "frontend" }).click();
    await page.getByRole("heading", { name: "Operations of frontend" }).waitFor();
    await page.getByRole("button", { name: "Search spans of GET /cart" }).click();
    await page.getByText("20 traces", { exact: true }).waitFor();
    expect(problems).toEqual([]);
  });

  it("draws the graph of calls, and searches for a clicked service", async () => {
    await using served = await serve(now);
    await fillShop(served.store, 20, { end });
    await using opened = await open(served, "#/graph");
    const { page, problems } = opened;
    await page.locator(".node").first().waitFor();
    expect(await page.locator(".node").count()).toBe(3);
    expect((await page.locator(".edge text").allTextContents()).sort()).toEqual(["20", "20"]);
    await page.getByRole("link", { name: "Search spans of cart" }).click();
    const line = page.getByRole("combobox", { name: "Filter in TraceQL" });
    await expect.poll(() => line.inputValue()).toBe('{ resource.service.name = "cart" }');
    expect(problems).toEqual([]);
  });

  it("compares two traces", async () => {
    await using served = await serve(now);
    await fillShop(served.store, 5, { end });
    await using opened = await open(served, `#/compare/${idOf(0)}/${idOf(4)}`);
    const { page, problems } = opened;
    await page.locator(".compare-row").first().waitFor();
    expect(await page.locator(".compare-row").allTextContents()).toEqual([
      "frontendGET /cart100 ms104 ms+4 ms",
      "cartCart/Get80 ms80 ms0",
      "databaseSELECT carts30 ms30 ms0",
    ]);
    await page.getByLabel("Only what one of them has not").check();
    await page.locator(".compare-row").first().waitFor({ state: "detached" });
    expect(problems).toEqual([]);
  });

  it("shows facts about the server and its health", async () => {
    await using served = await serve({ ...now, about: about as never });
    await using opened = await open(served, "#/about");
    const { page, problems } = opened;
    await page.getByRole("heading", { name: "spanstore 1.2.3" }).waitFor();
    for (const text of ["memory", "it answers", "7 d", "make room"]) await page.getByText(text).waitFor();
    expect(problems).toEqual([]);
  });

  it("speaks Chinese to those who do, and another language when it is chosen", async () => {
    await using served = await serve(now);
    await fillShop(served.store, 2, { end });
    await using opened = await open(served, "", { locale: "zh-CN" });
    const { page, problems } = opened;
    await page.getByText("2 条 trace", { exact: true }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
    await page.getByRole("button", { name: "English" }).click();
    await page.getByText("2 traces", { exact: true }).waitFor();
    await page.reload();
    await page.getByText("2 traces", { exact: true }).waitFor();
    expect(problems).toEqual([]);
  });

  it("sends the chosen tenant in the server's header", async () => {
    await using served = await serve({
      ...now,
      tenantHeader: "x-scope",
      authorize: ({ header }) => ({ tenant: header("x-scope")[0] }),
    });
    await fillShop(served.store.forTenant("acme"), 3, { end });
    await using opened = await open(served);
    const { page, problems } = opened;
    await page.getByText("Nothing found.").waitFor();
    await page.getByRole("button", { name: "Token and tenant" }).click();
    await page.getByLabel("Tenant", { exact: true }).fill("acme");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("3 traces", { exact: true }).waitFor();
    expect(problems).toEqual([]);
  });

  it.each(["#/services", "#/graph", "#/about", `#/compare/${idOf(0)}/${idOf(4)}`])(
    "has nothing serious that axe finds: %s",
    async (hash) => {
      await using served = await serve({ ...now, about: about as never });
      await fillShop(served.store, 5, { end });
      await using opened = await open(served, hash, { bypassCSP: true });
      await opened.page.locator(".metrics a, .node, .findings, .compare-row").first().waitFor();
      expect(await faultsOfAxe(opened.page)).toEqual([]);
    },
  );

  it.each([400, 2500])("fits into %d pixels", async (width) => {
    await using served = await serve(now);
    await fillShop(served.store, 5, { end });
    for (const hash of ["", "#/search?find=spans", "#/services", "#/about"]) {
      await using opened = await open(served, hash, { viewport: { width, height: 700 } });
      const { page } = opened;
      await page.locator(".trace-row, .span-row, .metrics a, .cards").first().waitFor();
      const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      expect(overflow).toBeLessThanOrEqual(0);
    }
  });

  it("fit a width of 400 pixels, with each heading of services above its numbers", async () => {
    await using served = await serve(now);
    await fillShop(served.store, 20, { end });
    const narrow = { viewport: { width: 400, height: 800 } };
    const views = [
      "",
      `#/trace/${idOf(4)}?span=0000000000000002`,
      `#/compare/${idOf(3)}/${idOf(4)}`,
      "#/services",
      "#/graph",
      "#/live",
      "#/about",
    ];
    for (const hash of views) {
      await using opened = await open(served, hash, narrow);
      const { page } = opened;
      await page.waitForLoadState("networkidle");
      const over = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      expect({ hash, over }).toEqual({ hash, over: 0 });
      if (hash.startsWith("#/compare")) {
        const name = await page.locator(".compare-row .dotted").first().boundingBox();
        expect(name?.width).toBeGreaterThan(100);
      }
      if (hash !== "#/services") continue;
      await page.getByText("/ min").waitFor();
      const right = async (selector: string) =>
        (await page.locator(selector).first().boundingBox()) ?? { x: 0, width: 0 };
      for (const [heading, cell] of [
        [2, 2],
        [3, 4],
        [4, 6],
      ]) {
        const above = await right(`.metrics thead th:nth-child(${heading})`);
        const below = await right(`.metrics tbody tr td:nth-child(${cell})`);
        expect(Math.abs(above.x - below.x)).toBeLessThan(4);
      }
    }
  });
});
