/** Writes numbered requests to a store as fast as they are acknowledged, and says each one that was. */
import { openManticoreStore } from "@spanstore/manticore";

const [url, prefix, first] = process.argv.slice(2);
const store = await openManticoreStore({ url, prefix });
const writers = 4;
let next = Number(first);

/** Every tenth request is sent again at once, as a client does that missed an acknowledgement. */
async function send(request) {
  await store.write(request.traces);
  if (request.number % 10 === 0) await store.write(request.traces);
  process.stdout.write(`${request.number}\n`);
}

function requestOf(number) {
  const traceId = number.toString(16).padStart(32, "0");
  const startTimeUnixNano = 1_800_000_000_000_000_000n + BigInt(number) * 1_000_000n;
  const spans = [1, 2, 3].map((i) => ({
    traceId,
    spanId: (number * 4 + i).toString(16).padStart(16, "0"),
    name: `operation-${number % 7}`,
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + 5n,
    attributes: [{ key: "request", value: { intValue: BigInt(number) } }],
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "killed" } }] };
  return { number, traces: { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] } };
}

await Promise.all(
  Array.from({ length: writers }, async () => {
    for (;;) await send(requestOf(next++));
  }),
);
