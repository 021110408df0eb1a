import type { Span } from "@spanstore/core";
import { expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { serve } from "../harness.js";
import { browserFor, faultsOfAxe } from "./browser.js";
import { fillShop, idOf } from "./shop.js";

const now = { end: BigInt(Date.now()) * 1_000_000n };

describeWithPeer("chromium", "the trace view", (located) => {
  const open = browserFor(located);

  it("shows the waterfall, and all of a span beside it", async () => {
    await using served = await serve();
    await fillShop(served.store, 5, now);
    await using opened = await open(served, `#/trace/${idOf(4)}`);
    const { page, problems } = opened;
    await page.getByRole("heading", { name: "frontend GET /cart" }).waitFor();
    const rows = page.locator(".waterfall-row");
    expect(await rows.allTextContents()).toEqual([
      expect.stringMatching(/^frontendGET \/cart104 ms$/),
      expect.stringMatching(/^cartCart\/Get80 ms$/),
      expect.stringMatching(/^databaseSELECT carts30 ms$/),
    ]);
    for (const key of ["j", "j", "Enter"]) await page.keyboard.press(key);
    const panel = page.getByRole("complementary", { name: "Span" });
    await panel.getByText("no such cart").waitFor();
    for (const text of ["items", "exception.type", "NotFound", "host.name", "cart-1", "shop 1.0"]) {
      await panel.getByText(text, { exact: true }).waitFor();
    }
    expect(new URL(page.url()).hash).toContain("span=0000000000000002");
    await page.keyboard.press("ArrowLeft");
    expect(await rows.count()).toBe(2);
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    expect(problems).toEqual([]);
  });

  it("makes an attribute a condition of the search that led here", async () => {
    await using served = await serve();
    await fillShop(served.store, 5, now);
    const q = encodeURIComponent("{ status = error }");
    await using opened = await open(served, `#/trace/${idOf(4)}?q=${q}&span=0000000000000002`);
    const { page } = opened;
    await page.locator(".waterfall-row.found").waitFor();
    expect(await page.locator(".waterfall-row.found").count()).toBe(1);
    await page.getByRole("button", { name: "Add exception.type to the filter" }).click();
    const line = page.getByRole("combobox", { name: "Filter in TraceQL" });
    expect(await line.inputValue()).toBe('{ status = error && event.exception.type = "NotFound" }');
    await page.getByText("1 traces", { exact: true }).waitFor();
  });

  it("finds within the trace, and lists its events", async () => {
    await using served = await serve();
    await fillShop(served.store, 5, now);
    await using opened = await open(served, `#/trace/${idOf(4)}`);
    const { page } = opened;
    await page.locator(".waterfall-row").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("sqlite");
    await page.getByText("1 found").waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".waterfall-row.at.found").getByText("SELECT carts").waitFor();
    await page.getByRole("tab", { name: "Events" }).click();
    await page.locator(".log").click();
    await page.getByRole("complementary", { name: "Span" }).getByText("no such cart").waitFor();
  });

  it("zooms by a drag over the ruler, and out by the key", async () => {
    await using served = await serve();
    await fillShop(served.store, 5, now);
    await using opened = await open(served, `#/trace/${idOf(4)}`);
    const { page } = opened;
    await page.locator(".waterfall-row").first().waitFor();
    const box = await page.locator(".ruler").boundingBox();
    if (box === null) throw new Error("there is no ruler");
    await page.mouse.move(box.x + box.width * 0.25, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 10, { steps: 4 });
    await page.mouse.up();
    await page.getByRole("button", { name: "52 ms shown: zoom out" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /zoom out/ }).waitFor({ state: "detached" });
  });

  it("keeps only the rows in sight in the document, of a trace of any size", async () => {
    await using served = await serve();
    const traceId = idOf(9);
    const spans = Array.from(
      { length: 20_000 },
      (_, i): Span => ({
        traceId,
        spanId: (i + 1).toString(16).padStart(16, "0"),
        ...(i === 0 ? {} : { parentSpanId: (1 + Math.floor((i - 1) / 10)).toString(16).padStart(16, "0") }),
        name: `op ${i}`,
        startTimeUnixNano: now.end + BigInt(i) * 1000n,
        endTimeUnixNano: now.end + BigInt(i + 50_000) * 1000n,
      }),
    );
    const attributes = [{ key: "service.name", value: { stringValue: "big" } }];
    await served.store.write({ resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }] });
    await using opened = await open(served, `#/trace/${traceId}`);
    const { page, problems } = opened;
    await page.getByText("20,000").first().waitFor();
    expect(await page.locator(".waterfall-row").count()).toBeLessThan(100);
    await page.keyboard.press("End");
    await page.locator(".waterfall-row.at").waitFor();
    await page.getByRole("button", { name: "Collapse all" }).click();
    await expect.poll(() => page.locator(".waterfall-row").count()).toBe(11);
    expect(problems).toEqual([]);
  });

  it("does nothing with hostile values, and shows a long one in part", async () => {
    await using served = await serve();
    const hostile = "<script>document.title=1</script>\u202e";
    await served.store.write({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  traceId: idOf(1),
                  spanId: "0000000000000001",
                  name: hostile,
                  startTimeUnixNano: now.end,
                  endTimeUnixNano: now.end - 5n,
                  attributes: [
                    { key: hostile, value: { stringValue: hostile } },
                    { key: "long", value: { stringValue: "x".repeat(1_000_000) } },
                  ],
                },
              ],
            },
          ],
        },
      ],
    });
    await using opened = await open(served, `#/trace/${idOf(1)}?span=0000000000000001`);
    const { page, problems } = opened;
    await page.getByRole("button", { name: "show all 1,000,000 characters" }).waitFor();
    expect(await page.locator(".attributes td .value").first().textContent()).toBe(
      "<script>document.title=1</script>\\u202e",
    );
    expect(await page.title()).toBe("Trace · spanstore");
    expect(problems).toEqual([]);
  });

  it("says that there is no such trace", async () => {
    await using served = await serve();
    await using opened = await open(served, `#/trace/${idOf(1)}`);
    await opened.page.getByRole("alert").getByText("No traces found").waitFor();
  });

  it.each(["light", "dark"] as const)("has nothing serious that axe finds, %s", async (colorScheme) => {
    await using served = await serve();
    await fillShop(served.store, 5, now);
    const hash = `#/trace/${idOf(4)}?span=0000000000000002`;
    await using opened = await open(served, hash, { colorScheme, bypassCSP: true });
    await opened.page.getByText("no such cart").waitFor();
    expect(await faultsOfAxe(opened.page)).toEqual([]);
  });
});
