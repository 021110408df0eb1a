import { setTimeout as delay } from "node:timers/promises";
import { decodeTraces, type FilterCall, openMemoryStore, SpanStoreError } from "@spanstore/core";
import { parseGroups, tracesToJson } from "@spanstore/core/otlp";
import { filterOf, filterParameters } from "../search/filter.js";
import type { Answer } from "../wire/answer.js";
import type { Call, Route } from "../wire/call.js";

/** Sends spans that match a filter as they become durable, as server-sent events. */
export const liveRoute: Route = {
  method: "GET",
  need: "read",
  form: "gateway",
  url: "/api/v3/live",
  parameters: filterParameters,
  answer: live,
};

/** The most bytes of spans that wait for their reader; further spans are only counted. */
const mostHeldBytes = 8 * 1024 * 1024;
/** The most spans of an event; further spans are only counted. */
const mostSpans = 200;
/** The shortest time between two events. */
const eventMillis = 250;
/** After this time without spans a comment keeps the connection alive in proxies. */
const quietMillis = 15_000;

function live(call: Call): Answer {
  const filter = filterOf(call.parameters);
  const { listen } = call.settings;
  if (listen === undefined) {
    throw new SpanStoreError("UNSUPPORTED", "this server does not show spans as they arrive");
  }
  return {
    contentType: "text/event-stream",
    // The connection ends with this answer, so it does not delay closing the server.
    headers: { "cache-control": "no-store", connection: "close" },
    body: events(call, filter, listen),
  };
}

async function* events(
  { caller, signal, settings }: Call,
  filter: FilterCall | undefined,
  listen: NonNullable<Call["settings"]["listen"]>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const over = AbortSignal.any([signal, settings.closing]);
  let waiting: Uint8Array[] = [];
  let heldBytes = 0;
  let leftOut = 0;
  let woken = new AbortController();
  const stop = listen(caller.tenant, (traces) => {
    if (heldBytes + traces.length > mostHeldBytes) leftOut += spansIn(traces);
    else {
      heldBytes += traces.length;
      waiting.push(traces);
    }
    woken.abort();
  });
  try {
    yield Buffer.from(": spans are shown as they become durable\n\n");
    while (!over.aborted) {
      if (waiting.length === 0) {
        woken = new AbortController();
        await quiet(quietMillis, AbortSignal.any([over, woken.signal]));
      }
      if (over.aborted) return;
      const arrived = waiting;
      waiting = [];
      heldBytes = 0;
      const found = await matching(arrived, filter);
      leftOut += found.leftOut;
      if (found.resourceSpans.length > 0 || leftOut > 0) {
        const data = JSON.stringify({ resourceSpans: found.resourceSpans, leftOut });
        leftOut = 0;
        yield Buffer.from(`event: spans\ndata: ${data}\n\n`);
      } else if (arrived.length === 0) {
        yield Buffer.from(":\n\n");
      }
      await quiet(eventMillis, over);
    }
  } finally {
    stop();
  }
}

/** Finds the exact matches with a store in memory. */
async function matching(
  arrived: readonly Uint8Array[],
  filter: FilterCall | undefined,
): Promise<{ readonly resourceSpans: readonly unknown[]; readonly leftOut: number }> {
  const resourceSpans: unknown[] = [];
  let spans = 0;
  let leftOut = 0;
  for (const traces of arrived) {
    await using store = openMemoryStore();
    await store.write(traces);
    const page = { size: Math.max(1, spansIn(traces)) };
    for await (const { encoded } of store.findSpans({ page, ...(filter === undefined ? {} : { filter }) })) {
      const count = spansIn(encoded);
      if (spans >= mostSpans) leftOut += count;
      else {
        spans += count;
        const json = tracesToJson(decodeTraces(encoded)) as { readonly resourceSpans: readonly unknown[] };
        resourceSpans.push(...json.resourceSpans);
      }
    }
  }
  return { resourceSpans, leftOut };
}

function spansIn(traces: Uint8Array): number {
  return parseGroups(traces).reduce((sum, { spans }) => sum + spans.length / 2, 0);
}

/** Waits, unless the signal fires first. */
function quiet(millis: number, signal: AbortSignal): Promise<unknown> {
  return delay(millis, undefined, { signal }).catch(() => {});
}
