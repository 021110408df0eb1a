import { expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { serve } from "../harness.js";
import { browserFor, faultsOfAxe } from "./browser.js";
import { fillShop, idOf } from "./shop.js";

const now = { end: BigInt(Date.now()) * 1_000_000n };

describeWithPeer("chromium", "the search view", (located) => {
  const open = browserFor(located);

  it("shows the newest traces, and more by scrolling", async () => {
    await using served = await serve();
    await fillShop(served.store, 130, now);
    await using opened = await open(served);
    const { page, problems } = opened;
    await page.getByText("the newest 60 traces").waitFor();
    const rows = page.locator(".trace-row");
    expect(await rows.first().textContent()).toMatch(/^frontend GET \/cart.*3 spans229 ms/);
    const list = page.locator(".trace-list");
    for (const count of ["the newest 120 traces", "130 traces"]) {
      await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await page.getByText(count, { exact: true }).waitFor();
    }
    expect(problems).toEqual([]);
  });

  it("completes a filter with the store's names and values, and the URL is the search", async () => {
    await using served = await serve();
    await fillShop(served.store, 10, now);
    await using opened = await open(served);
    const { page, problems } = opened;
    const line = page.getByRole("combobox", { name: "Filter in TraceQL" });
    await page.getByText("10 traces", { exact: true }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("event.exc");
    await page.getByRole("option", { name: "event.exception.type" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Tab");
    expect(await line.inputValue()).toBe("event.exception.type ");
    await page.keyboard.type("= ");
    await page.getByRole("option", { name: '"NotFound"' }).click();
    expect(await line.inputValue()).toBe('event.exception.type = "NotFound" ');
    await page.keyboard.press("Enter");
    await page.getByText("2 traces", { exact: true }).waitFor();
    const hash = new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
    expect(hash.get("q")).toBe('{ event.exception.type = "NotFound" }');
    await page.reload();
    await page.getByText("2 traces", { exact: true }).waitFor();
    await page.goBack();
    await page.getByText("10 traces", { exact: true }).waitFor();
    expect(problems).toEqual([]);
  });

  it("shows the position of a filter's fault, and sends no request", async () => {
    await using served = await serve();
    await using opened = await open(served);
    const { page } = opened;
    await page.getByText("Nothing found.").waitFor();
    const line = page.getByRole("combobox", { name: "Filter in TraceQL" });
    await line.fill("{ foo = 1 }");
    await line.press("Enter");
    await page.getByRole("alert").getByText('there is no field "foo"').waitFor();
    expect(new URL(page.url()).hash).toBe("");
  });

  it("writes the filter of the plain form into the line", async () => {
    await using served = await serve();
    await fillShop(served.store, 10, now);
    await using opened = await open(served);
    const { page } = opened;
    await page.getByRole("button", { name: "Form" }).click();
    await page.getByRole("combobox", { name: "Service", exact: true }).selectOption("cart");
    await page.getByLabel("Errors only").check();
    await page.getByText("2 traces", { exact: true }).waitFor();
    const line = page.getByRole("combobox", { name: "Filter in TraceQL" });
    expect(await line.inputValue()).toBe('{ resource.service.name = "cart" && status = error }');
  });

  it("lists spans in the chosen order, with attributes as columns", async () => {
    await using served = await serve();
    await fillShop(served.store, 10, now);
    await using opened = await open(served, "#/search?find=spans&column=items&q=%7B+.items+%3E+5+%7D");
    const { page, problems } = opened;
    await page.getByText("4 spans", { exact: true }).waitFor();
    const items = async (): Promise<string[]> =>
      (await page.locator(".span-row").allInnerTexts()).map((row) => row.split("\n")[2] ?? "");
    expect(await items()).toEqual(["9", "8", "7", "6"]);
    await page.getByRole("button", { name: "Sort by Start, smallest first" }).click();
    await page.getByRole("button", { name: "Sort by Start, largest first" }).waitFor();
    await expect.poll(items).toEqual(["6", "7", "8", "9"]);
    expect(problems).toEqual([]);
  });

  it("opens a trace by its id", async () => {
    await using served = await serve();
    await fillShop(served.store, 1, now);
    await using opened = await open(served);
    const { page } = opened;
    const line = page.getByRole("combobox", { name: "Filter in TraceQL" });
    await line.fill(idOf(0));
    await line.press("Enter");
    await page.waitForURL(`**/#/trace/${idOf(0)}`);
  });

  it("asks for a token when the server wants one, and says when it cannot be reached", async () => {
    const { SpanStoreError } = await import("@spanstore/core");
    await using served = await serve({
      authorize: ({ header }) => {
        if (header("authorization")[0] === "Bearer secret") return {};
        throw new SpanStoreError("UNAUTHENTICATED", "no token");
      },
    });
    await fillShop(served.store, 3, now);
    await using opened = await open(served);
    const { page } = opened;
    await page.getByLabel("Token", { exact: true }).fill("secret");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("3 traces", { exact: true }).waitFor();
    await page.context().setOffline(true);
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByText("The server cannot be reached.").waitFor();
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("3 traces", { exact: true }).waitFor();
  });

  it("shows hostile names as text", async () => {
    await using served = await serve();
    const hostile = '<img src=x onerror="document.title=1">\u202eevil\u200b\u0000\n';
    await served.store.write({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: hostile } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: idOf(1),
                  spanId: "0000000000000001",
                  name: hostile.repeat(1000),
                  startTimeUnixNano: now.end - 1000n,
                  endTimeUnixNano: now.end,
                },
              ],
            },
          ],
        },
      ],
    });
    await using opened = await open(served);
    const { page, problems } = opened;
    await page.getByText("1 traces").waitFor();
    const shown = (await page.locator(".trace-root").textContent()) ?? "";
    expect(shown).toContain('<img src=x onerror="document.title=1">\\u202eevil\\u200b\\u0000\\n');
    expect(shown.length).toBeLessThan(1000);
    expect(await page.title()).toBe("Search · spanstore");
    expect(problems).toEqual([]);
  });

  it.each(["light", "dark"] as const)("has nothing serious that axe finds, %s", async (colorScheme) => {
    await using served = await serve();
    await fillShop(served.store, 10, now);
    await using opened = await open(served, "", { colorScheme, bypassCSP: true });
    const { page } = opened;
    await page.getByText("10 traces", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Form" }).click();
    expect(await faultsOfAxe(page)).toEqual([]);
  });

  it("works behind a prefix of the path", async () => {
    await using served = await serve();
    await fillShop(served.store, 3, now);
    const { createServer, request } = await import("node:http");
    const proxy = createServer((incoming, response) => {
      const path = (incoming.url ?? "").replace(/^\/traces\/ui/, "");
      const { method, headers } = incoming;
      const onward = request({ port: served.port, path, method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as { port: number };
    try {
      await using opened = await open({ port }, "", { prefix: "/traces/ui" });
      await opened.page.getByText("3 traces", { exact: true }).waitFor();
      expect(opened.problems).toEqual([]);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });
});
