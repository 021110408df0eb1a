import { expect, it } from "vitest";
import { createCallLedger, createRollupLedger, createStoreReads, type ReadBudget } from "../../src/engine.js";
import { createMemoryEngine } from "../../src/memory/engine.js";
import { encodeTraces } from "../../src/otlp.js";
import type { Reading } from "../../src/store/contract/reading.js";

const fragments = 5;
const textBytes = 100_000;
const services = ["shop", "cart"];

/** Requests of one trace, together five times a batch. */
function requests(): Uint8Array[] {
  return Array.from({ length: fragments }, (_, i) =>
    encodeTraces({
      resourceSpans: services.map((service, at) => ({
        resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId: "1".padStart(32, "0"),
                spanId: `${i}${at}`.padStart(16, "1"),
                ...(at > 0 && { parentSpanId: `${i}0`.padStart(16, "1") }),
                name: "op",
                startTimeUnixNano: 1_000_000_000n * BigInt(i),
                endTimeUnixNano: 1_000_000_000n * BigInt(i) + 5n,
                attributes: [{ key: "text", value: { stringValue: "x".repeat(textBytes) } }],
              },
            ],
          },
        ],
      })),
    }),
  );
}

/** Admits every read, and records the most bytes that one held. */
function createMeter(): { readonly budget: ReadBudget; readonly most: () => number } {
  let most = 0;
  const readingOf = (): Reading => {
    let held = 0;
    const reading: Reading = {
      part: () => {
        let own = 0;
        return (bytes) => {
          held += bytes - own;
          own = bytes;
          most = Math.max(most, held);
          return undefined;
        };
      },
      unwaiting: () => reading,
    };
    return reading;
  };
  return {
    budget: {
      run: (work) => work(readingOf()),
      stream: (start) => start(readingOf()) as AsyncGenerator<never, void, undefined>,
    },
    most: () => most,
  };
}

const range = { startTimeUnixNano: 0n, endTimeUnixNano: 3_600_000_000_000n };

it.each(["memory", "ledgers"])(
  "metrics and dependencies count the traces that they hold (%s)",
  async (kind) => {
    const memory = createMemoryEngine();
    for (const request of requests()) await memory.write(request);
    // Batches of one fragment each, so that only the trace joined from them is large.
    const engine: typeof memory = {
      ...memory,
      async *candidates(...args) {
        for await (const { fragments: batch, ...rest } of memory.candidates(...args))
          for (const fragment of batch) yield { fragments: [fragment], ...rest };
      },
      async *fragments(...args) {
        for await (const batch of memory.fragments(...args)) for (const fragment of batch) yield [fragment];
      },
    };
    const source = { ...engine, generation: async () => 0, async *tracesWritten() {} };
    const ledgers = { dependencies: createCallLedger(source), rollups: createRollupLedger(source) };
    const meter = createMeter();
    const reads = createStoreReads(kind === "ledgers" ? { ...engine, ...ledgers } : engine, meter.budget);
    const series = await reads.getMetrics({ ...range, stepNano: 60_000_000_000n });
    expect(series.flatMap(({ points }) => points).reduce((sum, { calls }) => sum + calls, 0)).toBe(
      fragments * services.length,
    );
    const traceBytes = fragments * services.length * textBytes;
    expect(meter.most()).toBeGreaterThan(traceBytes);
    if (kind === "memory") return;
    const other = createMeter();
    const [calls] = await createStoreReads({ ...engine, ...ledgers }, other.budget).getDependencies(range);
    expect(calls).toMatchObject({ parent: "shop", child: "cart", callCount: BigInt(fragments) });
    expect(other.most()).toBeGreaterThan(traceBytes);
  },
);
