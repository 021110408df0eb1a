import type { AttributeValue } from "../wire/attributes.js";
import type { TraceDraft } from "./trace.js";
import { errorTypes, rareOneIn } from "./vocabulary.js";

/** A span attribute that differs from span to span: all its values, and which of them a span has. */
export interface Varying<V extends AttributeValue = AttributeValue> {
  readonly key: string;
  readonly values: readonly V[];
  indexOf(draft: TraceDraft, span: number): number;
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** On 1 span in {@link rareOneIn} each. */
const rareCount = 10;

/** Which of the rare values a span has; -1 for nearly every span. */
function rareIndex(draft: TraceDraft, span: number): number {
  const drawn = (draft.requestId[2 * span] as number) % rareOneIn;
  return drawn < rareCount ? drawn : -1;
}

function varying<V extends AttributeValue>(
  key: string,
  common: readonly V[],
  shift: number,
  rare: readonly V[] = [],
): Varying<V> {
  return {
    key,
    values: [...common, ...rare],
    indexOf: (draft, span) => {
      const at = rare.length === 0 ? -1 : rareIndex(draft, span);
      return at < 0 ? ((draft.noise[span] as number) >>> shift) % common.length : common.length + at;
    },
  };
}

/** Far above the common depths. */
export const rareQueueDepths: readonly number[] = numbers(rareCount).map((n) => 5000 + 500 * n);
/** Between the common numbers of rows: below 100, and 20,000 or more. */
export const rareRowCounts: readonly number[] = numbers(rareCount).map((n) => 1500 + 500 * n);
export const rareRowsStep = 500;

/** Attributes of internal spans. */
export const queueDepth = varying("app.queue.depth", numbers(50), 8, rareQueueDepths);
export const score = varying(
  "app.score",
  numbers(200).map((n) => ({ double: n / 200 })),
  14,
);
/** Attributes of database spans. */
export const returnedRows = varying(
  "db.response.returned_rows",
  [...numbers(100), ...numbers(7).map((n) => 20_000 + 1000 * n)],
  6,
  rareRowCounts,
);

const statusesOfSuccess = [200, 200, 200, 200, 200, 201, 204, 404];

/** Attributes of server spans that speak HTTP. */
export const httpStatus: Varying<number> = {
  key: "http.response.status_code",
  values: [...statusesOfSuccess, 500, 503],
  indexOf: (draft, span) => {
    const drawn = (draft.noise[span] as number) >>> 6;
    return hasFailed(draft, span) ? statusesOfSuccess.length + (drawn & 1) : drawn % statusesOfSuccess.length;
  },
};

export function hasFailed(draft: TraceDraft, span: number): boolean {
  return ((draft.errors >>> span) & 1) === 1;
}

/** A failed span has an exception event for each of two attempts: indices into `errorTypes`, in order. */
export function attemptsOf(draft: TraceDraft, span: number): readonly [first: number, last: number] {
  return [((draft.noise[span] as number) >>> 26) % errorTypes.length, draft.errorType];
}

export const linkReasons = ["batch", "redelivery"];
export const batchPositions = 32;

/** A consumer's link: where the message stood in its batch, and an index into `linkReasons`. */
export interface LinkDraft {
  readonly position: number;
  readonly reason: number;
}

/** A consumer is linked to its producer and, on 1 span in 4, to a span of a trace that is not stored. */
export function linksOf(draft: TraceDraft, span: number): readonly LinkDraft[] {
  const noise = draft.noise[span] as number;
  const toProducer = { position: (noise >>> 18) % batchPositions, reason: (noise >>> 23) & 1 };
  if (((noise >>> 24) & 3) !== 0) return [toProducer];
  return [toProducer, { position: (noise >>> 4) % batchPositions, reason: (noise >>> 9) & 1 }];
}
