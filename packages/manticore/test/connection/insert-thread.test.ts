import type { Worker } from "node:worker_threads";
import { decodeTraces, isSpanStoreError } from "@spanstore/core";
import { encodeTraces } from "@spanstore/core/otlp";
import { openManticoreStore } from "@spanstore/manticore";
import { expect, it, onTestFinished } from "vitest";
import { createProgress } from "../../../../scripts/test-support/kill/progress.js";
import { requestOf, spanIdsOf, traceIdOf } from "../../../../scripts/test-support/kill/requests.mjs";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { freshPrefix, startSearchd } from "../searchd.js";

/** How often the thread is ended, and the acknowledged writes in between. */
const deaths = 6;
const writesBetween = 10;
/** Small requests joined into a large one, which the thread writes. */
const requestsTogether = 16;

describeWithPeer("manticore", "the thread that writes", (located) => {
  it("may die at any time: a write fails with STORE_UNAVAILABLE, and after retries every span is stored once", {
    timeout: 120_000,
  }, async () => {
    const searchd = await startSearchd(located);
    onTestFinished(searchd.close);
    const threads: Worker[] = [];
    const seen = (worker: Worker): unknown => threads.push(worker);
    process.on("worker", seen);
    onTestFinished(() => void process.off("worker", seen));
    await using store = await openManticoreStore({ url: searchd.url, prefix: freshPrefix() });

    const progress = createProgress();
    const failures = new Set<string>();
    let next = 0;
    let ended = false;
    const written: number[] = [];
    const send = async (): Promise<void> => {
      while (!ended) {
        const numbers = Array.from({ length: requestsTogether }, () => next++);
        const request = encodeTraces({ resourceSpans: numbers.flatMap((n) => requestOf(n).resourceSpans) });
        for (let done = false; !done; ) {
          try {
            await store.write(request);
            done = true;
          } catch (error) {
            failures.add(isSpanStoreError(error) ? error.code : String(error));
            if (!isSpanStoreError(error) || error.code !== "STORE_UNAVAILABLE") return;
          }
        }
        written.push(...numbers);
        progress.step();
      }
    };
    const senders = Array.from({ length: 4 }, send);
    for (let death = 1; death <= deaths; death++) {
      await progress.reached(death * writesBetween);
      await threads[threads.length - 1]?.terminate();
    }
    ended = true;
    await Promise.all(senders);

    expect([...failures]).toEqual(["STORE_UNAVAILABLE"]);
    expect(threads.length).toBeGreaterThan(deaths);
    const spanIds: string[] = [];
    for await (const { encoded } of store.getTraces(written.map(traceIdOf))) {
      for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
        for (const { spans } of scopeSpans) spanIds.push(...spans.map((span) => span.spanId));
      }
    }
    expect(spanIds.sort()).toEqual(written.flatMap(spanIdsOf).sort());
  });
});
