/**
 * Numbered requests, each a trace of three spans of the service `killed`, of which a test that kills can say which have
 * to be there.
 */

/** @param {number} number @returns {string} */
export function traceIdOf(number) {
  // Zeros are no id.
  return (number + 1).toString(16).padStart(32, "0");
}

/** @param {number} number @returns {string[]} */
export function spanIdsOf(number) {
  return [1, 2, 3].map((i) => (number * 4 + i).toString(16).padStart(16, "0"));
}

/** Large requests take other code paths than small ones; one in this many is large. */
const largeEvery = 8;
const padding = { key: "padding", value: { stringValue: "padding ".repeat(12_500) } };

/** @param {number} number */
export function requestOf(number) {
  const startTimeUnixNano = 1_800_000_000_000_000_000n + BigInt(number) * 1_000_000n;
  const spans = spanIdsOf(number).map((spanId) => ({
    traceId: traceIdOf(number),
    spanId,
    name: `operation-${number % 7}`,
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + 5n,
    attributes: [
      { key: "request", value: { intValue: BigInt(number) } },
      ...(number % largeEvery === 0 ? [padding] : []),
    ],
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "killed" } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] };
}
