import { openMemoryStore } from "../memory/index.js";
import type { SpanStore } from "../store/contract/span-store.js";
import { readSpans, readSummaries, readTraces } from "./contents.js";
import { type TestSpan, tracesOf } from "./spans.js";

/** Reads everything from a store: a deletion must show in every part. */
export async function everything(store: SpanStore): Promise<unknown> {
  const services = await store.getServices();
  const operations: unknown[] = [];
  for (const service of services) operations.push(await store.getOperations({ service }));
  return {
    traces: await readTraces(store.findTraces({})),
    ids: await store.findTraceIds({}),
    summaries: await readSummaries(store.findTraceSummaries({})),
    spans: await readSpans(store.findSpans({ page: { size: 1000 } })),
    services,
    operations,
    dependencies: await store.getDependencies({ startTimeUnixNano: 0n, endTimeUnixNano: (1n << 64n) - 1n }),
  };
}

/** The contents of a memory store with only these spans. */
export async function everythingOf(spans: readonly TestSpan[]): Promise<unknown> {
  const store = openMemoryStore();
  await store.write(tracesOf(...spans));
  return everything(store);
}
