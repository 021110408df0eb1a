import type { SpanStore, TraceQuery, TracesData } from "@spanstore/core";

/** The earliest start of the made spans. */
export const madeStart = 1_790_000_000_000_000_000n;

/** The request of a number, always the same. Starts are not in order, and later requests continue earlier traces. */
function madeRequest(number: number): TracesData {
  const random = randomOf(number);
  const resourceSpans = Array.from({ length: 1 + random(3) }, (_, resource) => ({
    resource: { attributes: [{ key: "service.name", value: { stringValue: `service-${random(5)}` } }] },
    scopeSpans: [
      {
        spans: Array.from({ length: 1 + random(3) }, (_, span) => ({
          traceId: (1 + random(400)).toString(16).padStart(32, "0"),
          spanId: (1 + number * 16 + resource * 4 + span).toString(16).padStart(16, "0"),
          name: `operation-${random(4)}`,
          kind: 2,
          startTimeUnixNano: madeStart + BigInt(number * 20 + random(4000)) * 1_000_000n,
          endTimeUnixNano: madeStart + BigInt(number * 20 + 4000 + 2 ** random(12)) * 1_000_000n,
          status: { code: random(3) },
          attributes: [
            { key: "common", value: { stringValue: `value-${random(3)}` } },
            { key: "rare", value: { stringValue: `value-${random(300)}` } },
            { key: "number", value: { intValue: BigInt(random(1000)) } },
          ],
        })),
      },
    ],
  }));
  return { resourceSpans };
}

export async function writeMade(store: SpanStore, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) await store.write(madeRequest(number));
}

const all = { startTimeMinUnixNano: madeStart - 1_000_000_000_000n, startTimeMaxUnixNano: madeStart * 2n };

/** Wide and narrow searches for made spans, over the whole time and over parts of it. */
export function madeQueries(count: number): TraceQuery[] {
  return Array.from({ length: count }, (_, i) => {
    const random = randomOf(i * 7919 + 5);
    const from = madeStart + BigInt(random(8000)) * 1_000_000n;
    const range =
      random(3) === 0 ? all : { startTimeMinUnixNano: from, startTimeMaxUnixNano: from + 2_500_000_000n };
    const limit = 1 + random(60);
    const kinds: TraceQuery[] = [
      { service: `service-${random(6)}` },
      { service: `service-${random(5)}`, attributes: { common: `value-${random(3)}` } },
      { service: `service-${random(5)}`, attributes: { error: "true" } },
      { attributes: { rare: `value-${random(300)}` } },
      { minDurationNano: BigInt(2 ** random(13)) * 1_000_000n },
      {
        filter: {
          op: "gte",
          args: [{ attr: { key: "number" } }, { scalar: { value: String(900 + random(100)), type: "int" } }],
        },
      },
      {},
    ];
    return { ...range, limit, ...(kinds[random(kinds.length)] as TraceQuery) };
  });
}

export async function answers(store: SpanStore, queries: readonly TraceQuery[]): Promise<string[][]> {
  const found: string[][] = [];
  for (const query of queries) {
    const { traces } = await store.findTraceIds(query);
    found.push(traces.map(({ traceId }) => traceId));
  }
  return found;
}

function randomOf(seed: number): (below: number) => number {
  let state = (seed + 1) >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}
