import { and, event, resource, SpanKind, StatusCode, span } from "@spanstore/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Recorder, startRecorder } from "./recorder.js";
import { createShop, type World } from "./shop.js";

let recorder: Recorder;
beforeEach(async () => {
  recorder = await startRecorder("shop");
});
afterEach(() => recorder.stop());

const books = [
  { name: "The Go Programming Language", cents: 3_000 },
  { name: "Operating Systems: Three Easy Pieces", cents: 2_500 },
  { name: "Designing Data-Intensive Applications", cents: 4_500 },
];

/** A world that has everything and takes every card, unless a test says otherwise. */
const world = (changes: Partial<World> = {}): World => ({
  stockOf: async (articles) => new Map(articles.map((name) => [name, 1])),
  charge: async () => {},
  ...changes,
});

it("asks for the stock once, however many articles there are", async () => {
  expect(await createShop(world())({ card: "4242", articles: books })).toBe("shipped");
  const [order] = await recorder.spans(span.name.eq("place order"));
  expect(
    await recorder.spans(and(span.name.eq("SELECT stock"), span.attr("order.articles").exists())),
  ).toEqual([]);
  expect(await recorder.spans(span.name.eq("SELECT stock"))).toMatchObject([
    { traceId: order?.traceId, parentSpanId: order?.spanId, kind: SpanKind.client },
  ]);
});

it("charges the sum, once, and publishes once", async () => {
  await createShop(world())({ card: "4242", articles: books });
  const steps = await recorder.spans(resource.service.eq("shop"));
  // Clocks are too coarse to say which was first.
  expect(steps.map(({ name }) => name).sort()).toEqual([
    "SELECT stock",
    "charge card",
    "place order",
    "publish order",
  ]);
  expect(await recorder.spans(span.attr("payment.cents").eq(10_000))).toMatchObject([
    { name: "charge card" },
  ]);
});

it("does not charge for what is sold out", async () => {
  const shop = createShop(world({ stockOf: async ([first = ""]) => new Map([[first, 1]]) }));
  expect(await shop({ card: "4242", articles: books })).toBe("sold out");
  expect(await recorder.spans(span.name.eq("charge card"))).toEqual([]);
  const [order] = await recorder.spans(event.attr("article").eq("Operating Systems: Three Easy Pieces"));
  expect(order).toMatchObject({ name: "place order", status: { code: StatusCode.unset } });
});

it("fails the order when the card is declined, and publishes nothing", async () => {
  const charge = async () => {
    throw new Error("insufficient funds");
  };
  expect(await createShop(world({ charge }))({ card: "4000", articles: books })).toBe("declined");
  const failed = await recorder.spans(span.status.eq("error"));
  expect(failed.map(({ name, status }) => `${name}: ${status?.message}`).sort()).toEqual([
    "charge card: insufficient funds",
    "place order: the card was declined",
  ]);
  expect(await recorder.spans(event.name.eq("exception"))).toMatchObject([{ name: "charge card" }]);
  expect(await recorder.spans(span.name.eq("publish order"))).toEqual([]);
});

it("keeps the traces of orders apart", async () => {
  const shop = createShop(world());
  await Promise.all(books.map((book) => shop({ card: "4242", articles: [book] })));
  const store = await recorder.recorded();
  const counts: number[] = [];
  for await (const { summaries } of store.findTraceSummaries({ service: "shop" })) {
    counts.push(...summaries.map(({ spanCount }) => spanCount));
  }
  expect(counts).toEqual([4, 4, 4]);
});
