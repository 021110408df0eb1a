// The built files of Jaeger's own UI, against our answers. What it asks for depends on its version; 2.16 was tried.
import { dirname } from "node:path";
import { expect, it } from "vitest";
import { describeWithPeers } from "../../../../scripts/test-support/peers.js";
import { serve } from "../harness.js";
import { browserFor } from "./browser.js";
import { fillShop, idOf } from "./shop.js";

describeWithPeers(["jaeger-ui", "chromium"], "Jaeger's UI in front of this face", (located) => {
  const open = browserFor(located("chromium"));
  const ui = located("jaeger-ui");
  const uiDir = "command" in ui ? dirname(ui.command[0]) : "";
  const shop = async () => {
    const served = await serve({ uiDir, now: Date.now });
    await fillShop(served.store, 10, { end: BigInt(Date.now()) * 1_000_000n });
    return served;
  };
  /** Opens a view, and sees that every answer was one, and nothing failed. */
  const visit = async (
    path: string,
    see: (texts: (text: string | RegExp) => Promise<void>) => Promise<void>,
  ) => {
    await using served = await shop();
    const refused: string[] = [];
    await using opened = await open(served, path, {
      before: async (page) => {
        // The view of a service without calls fails on its own, with Jaeger's answer, too.
        await page.addInitScript(() => localStorage.setItem("lastAtmSearchService", '"frontend"'));
        page.on("response", (answer) => {
          if (answer.status() >= 400) refused.push(`${answer.status()} ${answer.url()}`);
        });
      },
    });
    const { page, problems } = opened;
    await see((text) => page.getByText(text).first().waitFor());
    await page.waitForLoadState("networkidle");
    expect({ refused, problems }).toEqual({ refused: [], problems: [] });
  };

  it("searches", () =>
    visit("search?service=frontend&lookback=1h&limit=20", async (sees) => {
      await sees("10 Traces");
      await sees("frontend: GET /cart");
    }));

  it("shows a trace", () =>
    visit(`trace/${idOf(4)}`, async (sees) => {
      await sees("SELECT carts");
      await sees("Cart/Get");
    }));

  it("compares two traces", () =>
    visit(`trace/${idOf(3)}...${idOf(4)}?cohort=${idOf(3)}&cohort=${idOf(4)}`, async (sees) => {
      await sees("VS");
      await sees("Cart/Get");
    }));

  it("shows the calls between services", () => visit("dependencies", (sees) => sees("database")));

  it("shows rates, errors and latencies", () =>
    visit("monitor", async (sees) => {
      await sees(/Operations metrics under/);
      await sees("Request rate (req/s)");
    }));
});
