// The page over a store on Manticore Search, through the server as it runs.

import { openManticoreStore } from "@spanstore/manticore";
import { expect, it, onTestFinished } from "vitest";
import { describeWithPeers } from "../../../../scripts/test-support/peers.js";
import { browserFor } from "../../../http/test/page/browser.js";
import { fillShop, idOf } from "../../../http/test/page/shop.js";
import { freshPrefix, startSearchd } from "../../../manticore/test/searchd.js";
import { startServer } from "../../src/index.js";

describeWithPeers(["manticore", "chromium"], "the page over Manticore Search", (located) => {
  const open = browserFor(located("chromium"));

  it("searches, and shows a trace, services, their calls and the store", async () => {
    const searchd = await startSearchd(located("manticore"));
    onTestFinished(searchd.close);
    const store = await openManticoreStore({ url: searchd.url, prefix: freshPrefix() });
    onTestFinished(() => store.close());
    await fillShop(store, 20, { end: BigInt(Date.now()) * 1_000_000n });
    const server = await startServer({ store, listen: "127.0.0.1:0", httpListen: "127.0.0.1:0" });
    onTestFinished(async () => void (await server.close()));
    const port = Number(server.httpAddress?.split(":").at(-1));
    await using opened = await open({ port });
    const { page, problems } = opened;
    await page.getByText("20 traces", { exact: true }).waitFor();
    const line = page.getByRole("combobox", { name: "Filter in TraceQL" });
    await line.fill('{ event.exception.type = "NotFound" }');
    await line.press("Enter");
    await page.getByText("4 traces", { exact: true }).waitFor();
    const visit = (hash: string) => page.goto(`http://127.0.0.1:${port}/${hash}`);
    await visit(`#/trace/${idOf(4)}`);
    await page.getByText("SELECT carts").first().waitFor();
    await visit("#/services");
    await page.getByRole("row").filter({ hasText: "frontend" }).getByText("/ min").waitFor();
    await visit("#/graph");
    await page.getByText("database").first().waitFor();
    await visit("#/about");
    await page.getByText("manticore").first().waitFor();
    expect(problems).toEqual([]);
  }, 120_000);
});
