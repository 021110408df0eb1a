import { openMemoryStore } from "@spanstore/core";
import { encodeTraces } from "@spanstore/core/otlp";
import { describe, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { createArrivals } from "../../src/index.js";
import { type Served, serve, span, tracesOf } from "../harness.js";
import { browserFor, faultsOfAxe } from "./browser.js";

/** A face whose store shows what is written. */
async function watched(): Promise<Served> {
  const arrivals = createArrivals();
  return serve({ listen: arrivals.listen }, arrivals.tap(openMemoryStore(), undefined));
}

interface Shown {
  readonly leftOut: number;
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly { name: string }[] }[];
  }[];
}

/** What a stream of events says, one by one. */
async function* eventsOf(
  { port }: Served,
  q: string,
  signal: AbortSignal,
): AsyncGenerator<Shown, void, undefined> {
  const path = `/api/v3/live?q=${encodeURIComponent(q)}`;
  const { body, headers } = await fetch(`http://127.0.0.1:${port}${path}`, { signal });
  expect(headers.get("content-type")).toBe("text/event-stream");
  const reader = (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      // The first comment says that the server listens.
      yield data === undefined ? { leftOut: 0, resourceSpans: [] } : JSON.parse(data);
    }
  }
}

const namesIn = ({ resourceSpans }: Shown): string[] =>
  resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)));

describe("/api/v3/live", () => {
  it("shows the spans that match as they become durable", async () => {
    await using served = await watched();
    const left = new AbortController();
    const events = eventsOf(served, '{ name = "op 2" }', left.signal);
    await events.next();
    await served.store.write(tracesOf("a", span(1), span(2)));
    const { value } = await events.next();
    expect(namesIn(value as Shown)).toEqual(["op 2"]);
    expect(value?.leftOut).toBe(0);
    left.abort();
  });

  it("shows spans whose bytes were handed over to the store", async () => {
    const arrivals = createArrivals();
    const inner = openMemoryStore();
    const greedy: typeof inner = {
      ...inner,
      write: async (traces) => {
        const result = await inner.write((traces as Buffer).slice());
        (traces as Buffer).fill(0);
        return result;
      },
    };
    const store = arrivals.tap(greedy, undefined);
    let seen: Uint8Array | undefined;
    arrivals.listen(undefined, (traces) => {
      seen = traces;
    });
    const request = Buffer.from(encodeTraces(tracesOf("a", span(1))));
    const before = new Uint8Array(request);
    await store.write(request, { handOver: true });
    expect(seen).toEqual(before);
  });

  it("counts spans that are too many to show", async () => {
    await using served = await watched();
    const left = new AbortController();
    const events = eventsOf(served, "{}", left.signal);
    await events.next();
    const spans = Array.from({ length: 500 }, (_, i) => span(i + 1));
    await served.store.write(tracesOf("a", ...spans));
    const { value } = await events.next();
    const shown = namesIn(value as Shown).length;
    expect(shown).toBeGreaterThanOrEqual(200);
    expect(shown + (value?.leftOut ?? 0)).toBe(500);
    left.abort();
  });

  it("ends when the face closes", async () => {
    const served = await watched();
    const events = eventsOf(served, "{}", new AbortController().signal);
    await events.next();
    await served.face.close();
    for await (const event of events) expect(namesIn(event)).toEqual([]);
    await served.store.close();
  });

  it("is refused for an invalid filter, and without a source of live spans", async () => {
    await using served = await watched();
    expect((await served.get("/api/v3/live?q=%7B%20foo%20%7D")).status).toBe(400);
    await using blind = await serve();
    expect((await blind.get("/api/v3/live")).status).toBe(501);
  });
});

describeWithPeer("chromium", "the live view", (located) => {
  const open = browserFor(located);

  it("lists spans as they arrive, and pauses on demand", async () => {
    await using served = await watched();
    await using opened = await open(served, "#/live?q=%7B%20name%20%3D~%20%22op%20.*%22%20%7D", {
      bypassCSP: true,
    });
    const { page, problems } = opened;
    await page.getByText("Waiting for spans that match.").waitFor();
    await expect
      .poll(async () => {
        await served.store.write(tracesOf("a", span(1), span(2, { name: "other" })));
        return page.locator(".span-row").count();
      })
      .toBeGreaterThan(0);
    expect(await page.getByText("other").count()).toBe(0);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Go on" }).waitFor();
    expect(await faultsOfAxe(page)).toEqual([]);
    expect(problems).toEqual([]);
  });
});
