export function traceIdOf(number: number): string;
export function spanIdsOf(number: number): string[];
export function requestOf(number: number): {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] };
    scopeSpans: {
      spans: {
        traceId: string;
        spanId: string;
        name: string;
        startTimeUnixNano: bigint;
        endTimeUnixNano: bigint;
        attributes: { key: string; value: { intValue: bigint } }[];
      }[];
    }[];
  }[];
};
