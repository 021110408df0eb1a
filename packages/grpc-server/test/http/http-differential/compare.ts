/** What is compared of an answer. */
export interface Answer {
  readonly status: number;
  readonly json: Json;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are compared as they come
export type Json = any;

/** One way in which answers may differ, and what makes them the same. */
export interface Difference {
  /** Why they differ. */
  readonly why: string;
  /** Done to both answers. */
  readonly alike?: (answer: Answer) => Answer;
  /** Done to Jaeger's answer alone. */
  readonly theirs?: (answer: Answer) => Answer;
}

export function sortedBy<T>(list: readonly T[], key: (item: T) => string): T[] {
  return list.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** Every trace of an answer of `/api/traces`. */
export function mapTraces(answer: Answer, map: (trace: Json) => Json): Answer {
  const { json } = answer;
  if (!Array.isArray(json?.data) || json.data[0]?.spans === undefined) return answer;
  return { ...answer, json: { ...json, data: json.data.map(map) } };
}

export function mapSpans(answer: Answer, map: (span: Json, trace: Json) => Json): Answer {
  return mapTraces(answer, (trace) => ({
    ...trace,
    spans: trace.spans.map((span: Json) => map(span, trace)),
  }));
}
