import { isSpanStoreError, type SpanStore, SpanStoreError, type TracesData } from "@spanstore/core";

export const dayNanos = 24n * 3_600_000_000_000n;
export const now = BigInt(Date.now()) * 1_000_000n;

/** A trace of one span for each number. */
export function spanOf(number: number, startTimeUnixNano: bigint = now, attributeBytes = 0): TracesData {
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
  const attributes = [{ key: "filler", value: { stringValue: noise(attributeBytes) } }];
  const span = {
    traceId: traceIdOf(number),
    spanId: traceIdOf(number).slice(16),
    name: "op",
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + 5n,
    attributes,
  };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] };
}

export function joined(...parts: readonly TracesData[]): TracesData {
  return { resourceSpans: parts.flatMap(({ resourceSpans }) => resourceSpans) };
}

/** Text that compression does not make shorter. */
function noise(length: number): string {
  let text = "";
  while (text.length < length) text += Math.random().toString(36).slice(2);
  return text.slice(0, length);
}

export function traceIdOf(number: number): string {
  // An id of zeros is invalid.
  return (number + 1).toString(16).padStart(32, "0");
}

export async function traceIdsIn(store: SpanStore): Promise<string[]> {
  const { traces } = await store.findTraceIds({ service: "shop", limit: 100_000 });
  return traces.map(({ traceId }) => traceId).sort();
}

/** The error of a call. */
export async function errorOf(call: Promise<unknown>): Promise<SpanStoreError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SpanStoreError) return error;
  throw new Error(isSpanStoreError(error) ? "another copy's error" : "no error of the store", {
    cause: error,
  });
}

/** The end of the name of a day's index. */
export function dayOf(unixNano: bigint): string {
  return new Date(Number(unixNano / 1_000_000n)).toISOString().slice(0, 10).replaceAll("-", "");
}
