import { BasicTracerProvider, BatchSpanProcessor, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { expect, it } from "vitest";
import { createSpanStoreExporter } from "../src/index.js";

async function namesIn(store: SpanStore): Promise<string[]> {
  const names: string[] = [];
  for await (const { summaries } of store.findTraceSummaries({})) {
    names.push(...summaries.map(({ rootOperationName }) => rootOperationName));
  }
  return names.sort();
}

it.each([
  ["one by one", SimpleSpanProcessor],
  ["in batches", BatchSpanProcessor],
])("takes the spans of the JavaScript SDK 2, %s", async (_, Processor) => {
  await using store = openMemoryStore();
  const provider = new BasicTracerProvider({
    spanProcessors: [new Processor(createSpanStoreExporter(store))],
  });
  for (const name of ["a", "b", "c"]) provider.getTracer("t").startSpan(name).end();
  await provider.shutdown();
  expect(await namesIn(store)).toEqual(["a", "b", "c"]);
});
